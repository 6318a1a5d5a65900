// Work that does not simply get through: handed back, refused by the gateway, or left behind when signing out.
import type { Page } from "@playwright/test";
import { choose, expect, keep, order, rowOf, signIn, test } from "../stack";

/** 先行联系 with this person, written on the order's page that is open. */
async function recordContact(page: Page, person: string, note: string) {
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill(person);
  await page.getByTestId("field-note").fill(note);
  await page.getByTestId("form-submit").click();
}

/** 退单 for this reason, from the order's page that is open. */
async function handBack(page: Page, reason: string) {
  await page.getByTestId("action-return").click();
  await page.getByTestId("field-reason").fill(reason);
  await page.getByTestId("form-submit").click();
}

test("an order that is another unit's is handed back and the city receives the 退单 with its reason", async ({
  page,
  stack,
}) => {
  const one = order({ areaCode: "310120", address: "奉贤区样例路9号" });
  await stack.pushOrder("12319", one);
  await signIn(page, stack, "hotline", "h-310120-1");
  await rowOf(page, one, "12319").click();
  const reason = "经现场核实，该处为小区内部管道，由物业养护，不属于本单位职责。";
  await handBack(page, reason);
  await expect(page.getByTestId("record-return")).toContainText(reason);
  await expect(page.getByTestId("order-state")).toHaveAttribute("data-state", "returned");
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["退单"]);
  const [feedback] = await stack.feedback(one.orderNo);
  expect(feedback?.content).toMatchObject({ reason });
  await keep(page, "phone-8-returned");
});

test("a command the gateway refuses keeps its text until the handler lets it go", async ({ page, context, stack, browser }) => {
  const one = order({ areaCode: "310151", address: "崇明区样例路6号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310151-1");
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);

  await context.setOffline(true);
  const note = "约定周三上午到现场，请带井盖钥匙。";
  await recordContact(page, "赵女士", note);
  await expect(page.getByTestId("record-contact")).toContainText(note);

  // The same handler hands the order back from another device meanwhile.
  const other = await browser.newContext();
  const second = await other.newPage();
  await signIn(second, stack, "hotline", "h-310151-1");
  await rowOf(second, one).click();
  await handBack(second, "现场核实为居民户内管道，不属于本单位职责。");
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收", "退单"]);
  await other.close();

  await context.setOffline(false);
  await page.goto(`${stack.gateway}/hotline/#/outbox`);
  const item = page.getByTestId("outbox-item");
  const refused = async () => {
    await expect(item).toHaveAttribute("data-state", "parked", { timeout: 30_000 });
    await expect(item).toHaveAttribute("data-reason", "wrong_state");
    await expect(item, "nothing typed is out of sight").toContainText(note);
    await expect(item).toContainText("状态已变化");
  };
  await refused();
  await keep(page, "phone-9-refused");

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByTestId("outbox-copy").click();
  await expect(page.getByText("已复制")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(note);

  const before = (await item.getAttribute("data-command")) ?? "";
  await page.getByTestId("outbox-retry").click();
  await expect(item, "signed anew").not.toHaveAttribute("data-command", before);
  await refused();

  await page.getByTestId("outbox-discard").click();
  const dialog = page.getByRole("dialog");
  await expect(dialog, "the text is shown once more before it goes").toContainText(note);
  await dialog.getByRole("button", { name: "取消" }).click();
  await expect(item).toHaveCount(1);
  await page.getByTestId("outbox-discard").click();
  await dialog.getByRole("button", { name: "放弃并删除" }).click();
  await expect(page.getByTestId("outbox-empty")).toBeVisible();
  expect((await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收", "退单"]);
});

test("unsent work is sealed when its author signs out offline and sent when they return", async ({ page, context, stack }) => {
  const one = order({ areaCode: "310106", address: "静安区样例路4号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310106-1");
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);

  await context.setOffline(true);
  const note = "居民要求周末前答复。";
  await recordContact(page, "钱先生", note);
  await expect(page.getByTestId("record-contact")).toHaveAttribute("data-delivery", "on_device");
  await page.getByTestId("back").click();
  await page.getByTestId("nav-me").click();
  await page.getByTestId("sign-out").click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("未发送的内容会封存在本机");
  await keep(page, "phone-10-sign-out-unsent");
  await dialog.getByRole("button", { name: "退出" }).click();
  await expect(page.getByTestId("sign-in-page")).toBeVisible();
  await expect(page.locator("body")).not.toContainText(note);

  await context.setOffline(false);
  await signIn(page, stack, "hotline", "h-310106-1");
  await rowOf(page, one).click();
  await expect(page.getByTestId("record-contact")).toContainText(note);
  await expect(page.getByTestId("record-contact")).toHaveAttribute("data-delivery", "received", { timeout: 30_000 });
});
