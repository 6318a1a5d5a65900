// What was typed and signed outlives the browser, and two people share a browser without seeing each other's work.
import { chromium } from "@playwright/test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choose, expect, order, rowOf, shellKept, signIn, test } from "../stack";

test("work recorded offline is there after the browser was closed and opened again", async ({
  stack,
  launchOptions,
  viewport,
}) => {
  const profile = mkdtempSync(join(tmpdir(), "shenhai-profile-"));
  const open = () =>
    chromium.launchPersistentContext(profile, { ...launchOptions, viewport, locale: "zh-CN", timezoneId: "Asia/Shanghai" });
  const complaint = order({ areaCode: "310120", address: "奉贤区样例路9号" });
  await stack.pushOrder("12345", complaint);
  try {
    let browser = await open();
    let page = await browser.newPage();
    await signIn(page, stack, "hotline", "h-310120-1");
    await rowOf(page, complaint).click();
    await page.getByTestId("action-accept").click();
    await expect.poll(async () => (await stack.feedback(complaint.orderNo)).map((f) => f.action)).toEqual(["签收"]);
    await shellKept(page);
    await browser.setOffline(true);
    await page.getByTestId("action-contact").click();
    await choose(page, "reached", "已联");
    await page.getByTestId("field-contact_person").fill("赵女士");
    await page.getByTestId("form-submit").click();
    await expect(page.getByTestId("record-contact")).toContainText("赵女士");
    await browser.close();

    browser = await open();
    await browser.setOffline(true);
    page = await browser.newPage();
    await page.goto(`${stack.gateway}/hotline/`);
    await rowOf(page, complaint).click();
    await expect(page.getByTestId("record-contact"), "still on the phone, still unsent").toContainText("赵女士");
    await expect(page.getByTestId("record-contact").getByTestId("delivery")).toContainText("待发送");

    await browser.setOffline(false);
    await expect(page.getByTestId("record-contact").getByTestId("delivery")).toContainText("已送达", {
      timeout: 30_000,
    });
    await browser.close();
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
});

test("another person signs in on the same browser and sees only their own orders", async ({ page, stack }) => {
  const first = order({ areaCode: "310151", address: "崇明区样例路1号" });
  const second = order({ areaCode: "310106", address: "静安区样例路2号" });
  await stack.pushOrder("12345", first);
  await stack.pushOrder("12345", second);
  await signIn(page, stack, "hotline", "h-310151-1");
  await expect(rowOf(page, first)).toHaveCount(1);
  await page.getByTestId("nav-me").click();
  await page.getByTestId("sign-out").click();
  await page.getByRole("dialog").getByRole("button", { name: /退出|确定/ }).click();

  await page.getByTestId("sign-in").click();
  await page.locator(`[data-user="h-310106-1"]`).click();
  // The core notices that somebody else stands there and asks once more for a key of their own.
  await page.locator(`[data-user="h-310106-1"]`).click();
  await expect(rowOf(page, second)).toHaveCount(1);
  await expect(rowOf(page, first)).toHaveCount(0);
});
