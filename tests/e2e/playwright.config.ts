// End-to-end tests in the distribution's Chromium against the real gateway and the emulated city.
// Called by `cargo xtask test --only e2e`, which builds the pages and the stack first.
import { defineConfig } from "@playwright/test";

const target = process.env.SHENHAI_TARGET ?? "../../target";

export default defineConfig({
  testDir: "specs",
  outputDir: `${target}/e2e`,
  // One stack and one browser at a time: the machine has two cores and the tests cut its network.
  workers: 1,
  timeout: 90_000,
  expect: { timeout: 15_000 },
  retries: 0,
  forbidOnly: true,
  reporter: [["list"], ["json", { outputFile: `${target}/e2e/report.json` }]],
  use: {
    browserName: "chromium",
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    viewport: { width: 390, height: 844 },
    // Pictures are of pages at rest.
    contextOptions: { reducedMotion: "reduce" },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.SHENHAI_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
