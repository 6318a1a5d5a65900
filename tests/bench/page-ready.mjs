// Time from navigation to the first row of the handler's list, in the distribution's Chromium. Prints one
// JSON object: `cold_ms` with every cache emptied, `warm_ms` on the next visit, medians of several visits.
// Called by `cargo xtask bench thread` with the gateway's origin; playwright comes from tests/e2e.
import { createRequire } from "node:module";
const { chromium } = createRequire(new URL("../e2e/package.json", import.meta.url))("@playwright/test");

const VISITS = 5;
const gateway = process.argv[2];
if (!gateway) throw new Error("usage: node page-ready.mjs GATEWAY_ORIGIN");
const page_url = `${gateway}/hotline/`;

const browser = await chromium.launch({
  executablePath: process.env.SHENHAI_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
try {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  const row = page.getByTestId("order-row").first();

  await page.goto(page_url);
  await page.getByTestId("sign-in").click();
  await page.locator('[data-user="h-310101-1"]').click();
  await row.waitFor();

  const devtools = await context.newCDPSession(page);
  const visit = async () => {
    // Leaving the page first ends its Worker, so that every visit starts the core anew.
    await page.goto("about:blank");
    const begun = performance.now();
    await page.goto(page_url, { waitUntil: "commit" });
    await row.waitFor();
    return performance.now() - begun;
  };
  const cold = [];
  const warm = [];
  for (let i = 0; i < VISITS; i += 1) {
    await devtools.send("Network.clearBrowserCache");
    await devtools.send("Storage.clearDataForOrigin", {
      origin: gateway,
      // The device's own store stays: the handler is signed in and has orders.
      storageTypes: "service_workers,cache_storage,shader_cache",
    });
    cold.push(await visit());
    warm.push(await visit());
  }
  const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  console.log(JSON.stringify({ cold_ms: median(cold), warm_ms: median(warm), visits: VISITS }));
} finally {
  await browser.close();
}
