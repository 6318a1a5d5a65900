// Storage that dies under an open page: the program opens it anew, and nothing typed is lost.
import type { Page } from "@playwright/test";
import { inspect } from "../inspect";
import { PIN, setPin, typePin } from "../pin";
import { choose, contacted, expect, order, rowOf, signIn, test, type Stack } from "../stack";
import { closeDatabases, closeFiles, DATABASES, FILES, hookWorkers } from "../worker-hook";

test.use({ serviceWorkers: "block" });

/** A new order of this district, its contact form open and begun. */
async function beginContact(page: Page, stack: Stack, district: string) {
  const one = order({ areaCode: district, address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", `h-${district}-1`);
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("赵女士");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
}

test("files closed under a form being filled in: it is kept all the same, and submitted", async ({ page, context, stack }) => {
  await hookWorkers(context, FILES);
  await beginContact(page, stack, "310101");
  const restarted = page.waitForEvent("worker");
  await closeFiles(page);
  await page.getByTestId("field-note").fill("约周三上午到现场。");
  await restarted;
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
  await expect(page.getByTestId("field-note")).toHaveValue("约周三上午到现场。");
  await expect(page.getByTestId("notice-restarted")).toBeVisible();
  await inspect(page, "phone-storage-reopened");
  await page.reload();
  await expect(page.getByTestId("field-note")).toHaveValue("约周三上午到现场。");
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-contact")).toContainText("约周三上午到现场。");
  await contacted(page, 1);
});

test("files closed under a submission: it is not said to be done, and done once when asked again", async ({
  page,
  context,
  stack,
}) => {
  await hookWorkers(context, FILES);
  await beginContact(page, stack, "310104");
  await page.getByTestId("field-note").fill("约周四上午到现场。");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
  const restarted = page.waitForEvent("worker");
  await closeFiles(page);
  await page.getByTestId("form-submit").click();
  await restarted;
  const record = page.getByTestId("record-contact");
  const problem = page.getByTestId("submit-error");
  await expect(record.or(problem)).toBeVisible();
  if (await problem.isVisible()) {
    await expect(page.getByTestId("field-note"), "still in the form").toHaveValue("约周四上午到现场。");
    await page.getByTestId("form-submit").click();
  }
  await expect(record).toContainText("约周四上午到现场。");
  await contacted(page, 1);
});

test("files closed where nobody types: the list goes on by itself", async ({ page, context, stack }) => {
  await hookWorkers(context, FILES);
  const before = order({ areaCode: "310105", address: "样例路6号" });
  await stack.pushOrder("12345", before);
  await signIn(page, stack, "hotline", "h-310105-1");
  await expect(rowOf(page, before)).toHaveCount(1);
  const restarted = page.waitForEvent("worker");
  await closeFiles(page);
  const one = order({ areaCode: "310105", address: "样例路6号" });
  await stack.pushOrder("12345", one);
  await restarted;
  await expect(rowOf(page, one)).toHaveCount(1);
});

test("files closed on a device with a PIN: what was being typed is there again behind it", async ({ page, context, stack }) => {
  await hookWorkers(context, FILES);
  await beginContact(page, stack, "310107");
  await page.goto(`${stack.gateway}/hotline/#/me`);
  await setPin(page);
  await page.goBack();
  await expect(page.getByTestId("field-contact_person")).toHaveValue("赵女士");
  await closeFiles(page);
  await page.getByTestId("field-note").fill("对方要求先电话确认。");
  await expect(page.getByTestId("lock-screen")).toBeVisible();
  await typePin(page, PIN);
  await expect(page.getByTestId("field-note")).toHaveValue("对方要求先电话确认。");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
  await page.reload();
  await typePin(page, PIN);
  await expect(page.getByTestId("field-note")).toHaveValue("对方要求先电话确认。");
});

for (const [what, lose] of [
  ["its connection closed", (page: Page) => closeDatabases(page)],
  [
    "emptied by the browser",
    async (page: Page) => {
      const browser = await page.context().newCDPSession(page);
      const origin = new URL(page.url()).origin;
      await browser.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
    },
  ],
] as const) {
  test(`IndexedDB ${what} under the lock screen: the PIN opens the data`, async ({ page, context, stack }) => {
    await hookWorkers(context, DATABASES);
    const one = order({ areaCode: "310109", address: "样例路7号" });
    await stack.pushOrder("12345", one);
    await signIn(page, stack, "hotline", "h-310109-1");
    await expect(rowOf(page, one)).toHaveCount(1);
    await page.getByTestId("nav-me").click();
    await setPin(page);
    await page.getByTestId("pin-lock-now").click();
    await expect(page.getByTestId("lock-screen")).toBeVisible();
    await lose(page);
    await typePin(page, "000000");
    await expect(page.getByTestId("lock-problem")).toHaveAttribute("data-code", "pin_wrong");
    await expect(page.getByTestId("lock-problem")).toHaveAttribute("data-wait", "0");
    await typePin(page, PIN);
    await expect(page.getByTestId("me-page")).toBeVisible();
    await page.reload();
    await typePin(page, PIN);
    await page.getByTestId("nav-list").click();
    await expect(rowOf(page, one)).toHaveCount(1);
  });
}

test("everything cleared by the browser under a form being filled in: the page says so, and the person signs in again", async ({
  page,
  context,
  stack,
}) => {
  await hookWorkers(context, FILES);
  await beginContact(page, stack, "310110");
  await closeFiles(page);
  const browser = await context.newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await browser.send("Storage.clearDataForOrigin", { origin, storageTypes: "file_systems,indexeddb" });
  await page.getByTestId("field-note").fill("约周三上午到现场。");
  await expect(page.getByTestId("notice-data-lost")).toBeVisible();
  await expect(page.getByTestId("sign-in-page")).toBeVisible();
  await inspect(page, "phone-data-lost");
  await page.getByTestId("sign-in").click();
  await page.locator('[data-user="h-310110-1"]').click();
  await expect(page.getByTestId("nav-me")).toBeVisible();
  await expect(page.getByTestId("notice-data-lost")).toHaveCount(0);
});
