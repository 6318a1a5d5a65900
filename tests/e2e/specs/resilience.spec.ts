// What happens when the browser, a tab or the program itself misbehaves.
import type { BrowserContext, Page } from "@playwright/test";
import { choose, expect, keep, order, rowOf, signIn, test, type Stack } from "../stack";

/** Give the tests a hold on the program's memory: production code offers none. */
async function exposeWasm(context: BrowserContext) {
  await context.route(/worker[^/]*\.js$/, async (route) => {
    const answer = await route.fetch();
    const hook = `{
      const keep = (result) => { self.wasmExports = (result.instance ?? result).exports; return result; };
      for (const name of ["instantiate", "instantiateStreaming"]) {
        const original = WebAssembly[name].bind(WebAssembly);
        WebAssembly[name] = async (...args) => keep(await original(...args));
      }
    }\n`;
    await route.fulfill({ response: answer, body: hook + (await answer.text()) });
  });
}

async function openFirst(page: Page, stack: Stack, district: string) {
  const one = order({ areaCode: district, address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", `h-${district}-1`);
  const row = rowOf(page, one);
  await expect(row).toHaveCount(1);
  return { one, row };
}

test.describe("without a service worker, whose cache would bypass the test's hook", () => {
  test.use({ serviceWorkers: "block" });

  test("the program breaks down and is started again with everything still there", async ({ page, context, stack }) => {
    await exposeWasm(context);
    const { row } = await openFirst(page, stack, "310112");
    await row.click();
    await page.getByTestId("action-accept").click();
    await expect(page.getByTestId("action-contact")).toBeVisible();

    const worker = page.workers()[0];
    if (!worker) throw new Error("the page has no worker");
    const restarted = page.waitForEvent("worker");
    await worker.evaluate(() => {
      const exports = (self as unknown as { wasmExports: { memory: WebAssembly.Memory } }).wasmExports;
      new Uint8Array(exports.memory.buffer).fill(0xff);
    });
    await page.getByTestId("action-contact").click();
    await restarted;
    await expect(page.getByTestId("field-reached")).toBeVisible();
    await choose(page, "reached", "已联");
    await page.getByTestId("field-contact_person").fill("李先生");
    await page.getByTestId("form-submit").click();
    await expect(page.getByText("李先生").first()).toBeVisible();
  });

  test("without private storage the person is told that closing the page loses work", async ({ page, context, stack }) => {
    await context.route(/worker[^/]*\.js$/, async (route) => {
      const answer = await route.fetch();
      const hook = "Object.defineProperty(StorageManager.prototype, 'getDirectory', { value: undefined });\n";
      await route.fulfill({ response: answer, body: hook + (await answer.text()) });
    });
    await openFirst(page, stack, "310113");
    await expect(page.getByText("关闭页面会丢失未发送的内容").first()).toBeVisible();
    await keep(page, "phone-6-best-effort");
  });
});

test("a second tab works through the first, and takes over when the first is closed", async ({ page, context, stack }) => {
  const { one } = await openFirst(page, stack, "310114");
  const second = await context.newPage();
  await second.goto(`${stack.gateway}/hotline/`);
  const row = rowOf(second, one);
  await expect(row).toHaveCount(1);
  await expect(second.getByText("已在另一个标签页打开").first()).toBeVisible();
  await keep(second, "phone-7-second-tab");

  await page.close();
  await expect(second.getByText("已在另一个标签页打开")).toHaveCount(0);
  await row.click();
  await second.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);
});

test("the gateway restarts while a page is open and work goes on", async ({ page, stack }) => {
  const { one, row } = await openFirst(page, stack, "310116");
  await stack.restartGateway();
  await row.click();
  await page.getByTestId("action-accept").click();
  await expect
    .poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action), { timeout: 40_000 })
    .toEqual(["签收"]);
});

test("a new order appears by itself", async ({ page, stack }) => {
  await openFirst(page, stack, "310117");
  const next = order({ areaCode: "310117", address: "松江区样例路8号" });
  await stack.pushOrder("12319", next);
  await expect(rowOf(page, next, "12319")).toHaveCount(1);
});
