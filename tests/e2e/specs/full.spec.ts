// A full disk is called a full disk, wherever it is met, and nothing typed is lost to it.
import type { Page } from "@playwright/test";
import { inspect } from "../inspect";
import { PIN, setPin, typePin } from "../pin";
import { choose, contacted, expect, order, rowOf, signIn, test, type Stack } from "../stack";
import { disk, hookWorkers, setFull } from "../worker-hook";

test.use({ serviceWorkers: "block" });

const FULL = "存储空间不足";

async function beginContact(page: Page, stack: Stack, district: string) {
  const one = order({ areaCode: district, address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", `h-${district}-1`);
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("赵女士");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
}

test("a draft and a submission say that the disk is full, and go through once there is room", async ({ page, context, stack }) => {
  await hookWorkers(context, disk("free"));
  await beginContact(page, stack, "310101");
  await setFull(page, true);
  await page.getByTestId("field-note").fill("约周三上午到现场。");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "failed");
  await expect(page.getByTestId("draft-state")).toContainText(FULL);
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("submit-error")).toContainText(FULL);
  await inspect(page, "phone-disk-full");
  await setFull(page, false);
  await expect(page.getByTestId("draft-state"), "kept by itself").toHaveAttribute("data-state", "saved");
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-contact")).toContainText("约周三上午到现场。");
  await contacted(page, 1);
});

test("signing out says that the disk is full and that it did not happen, and happens once there is room", async ({
  page,
  context,
  stack,
}) => {
  await hookWorkers(context, disk("free"));
  const one = order({ areaCode: "310104", address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310104-1");
  await expect(rowOf(page, one)).toHaveCount(1);
  await page.getByTestId("nav-me").click();
  await setFull(page, true);
  await page.getByTestId("sign-out").click();
  await page.getByRole("dialog").getByRole("button", { name: "退出" }).click();
  await expect(page.getByTestId("sign-out-problem")).toContainText(FULL);
  await expect(page.getByTestId("sign-out-problem")).toContainText("没有退出");
  await expect(page.getByTestId("me-page")).toBeVisible();
  await inspect(page, "phone-sign-out-full");
  await setFull(page, false);
  await page.getByTestId("sign-out").click();
  await page.getByRole("dialog").getByRole("button", { name: "退出" }).click();
  await expect(page.getByTestId("sign-in-page")).toBeVisible();
});

test("what the synchronisation brings says that the disk is full", async ({ page, context, stack }) => {
  await hookWorkers(context, disk("free"));
  const before = order({ areaCode: "310105", address: "样例路5号" });
  await stack.pushOrder("12345", before);
  await signIn(page, stack, "hotline", "h-310105-1");
  await expect(rowOf(page, before)).toHaveCount(1);
  await setFull(page, true);
  const next = order({ areaCode: "310105", address: "样例路6号" });
  await stack.pushOrder("12345", next);
  await expect(page.getByTestId("notice-disk-full")).toContainText(FULL);
  await expect(page.getByTestId("sync-bar")).toContainText(FULL);
  await inspect(page, "phone-sync-full");
  await page.setViewportSize({ width: 1280, height: 800 });
  await inspect(page, "wide-sync-full");
  await setFull(page, false);
  await expect(rowOf(page, next)).toHaveCount(1, { timeout: 60_000 });
  await expect(page.getByTestId("notice-disk-full")).toHaveCount(0);
});

test("setting a PIN says that the disk is full", async ({ page, context, stack }) => {
  await hookWorkers(context, disk("free"));
  await signIn(page, stack, "hotline", "h-310106-1");
  await page.getByTestId("nav-me").click();
  await setFull(page, true);
  await page.getByTestId("pin-set").click();
  await typePin(page, PIN);
  await expect(page.getByTestId("pin-dialog")).toHaveAttribute("data-step", "again");
  await typePin(page, PIN);
  await expect(page.getByTestId("pin-problem")).toContainText(FULL);
  await setFull(page, false);
  await page.reload();
  await setPin(page);
});

test("a first start on a full disk says so, and goes on by itself once there is room", async ({ page, context, stack }) => {
  await hookWorkers(context, disk("full"));
  await page.goto(`${stack.gateway}/hotline/`);
  await expect(page.getByTestId("notice-store-full")).toContainText(FULL);
  await inspect(page, "phone-start-full");
  await setFull(page, false);
  await expect(page.getByTestId("notice-store-full")).toHaveCount(0);
  // The way through the container starts another Worker.
  await hookWorkers(context, disk("free"));
  await page.getByTestId("sign-in").click();
  await page.locator('[data-user="h-310107-1"]').click();
  await expect(page.getByTestId("nav-me")).toBeVisible();
});
