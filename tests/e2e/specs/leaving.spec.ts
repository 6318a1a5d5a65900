// An order given to somebody else while its handler is out of reach: it leaves their phone, what they made of it does not.
import type { Browser, Page } from "@playwright/test";
import { inspect } from "../inspect";
import { choose, expect, keep, order, rowOf, shellKept, signIn, test, type Stack } from "../stack";

/** The desk of this reviewer, with the order open. */
async function atTheDesk(browser: Browser, stack: Stack, reviewer: string, one: { orderNo: string }): Promise<Page> {
  const office = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const desk = await office.newPage();
  await signIn(desk, stack, "desk", reviewer);
  await desk.getByTestId("search").fill(one.orderNo);
  await rowOf(desk, one).click();
  return desk;
}

test("an order reassigned from the desk leaves its handler's phone, and what they typed stays with them", async ({
  page,
  context,
  stack,
  browser,
}) => {
  // Four people sign in, each in a browser of their own.
  test.setTimeout(180_000);
  const one = order({ areaCode: "310115", address: "浦东新区样例路31号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310115-1");
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);
  await shellKept(page);

  // Out of reach: a contact that cannot be sent, and a reply that is only begun.
  await context.setOffline(true);
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("周女士");
  const note = "约定周四上午到现场，车辆停北门。";
  await page.getByTestId("field-note").fill(note);
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-contact")).toHaveAttribute("data-delivery", "on_device");
  await page.getByTestId("action-reply").click();
  const handling = "已联系养护队，计划加装防护网。";
  await page.getByTestId("field-handling").fill(handling);
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");

  const unit = await atTheDesk(browser, stack, "r-310115", one);
  await unit.getByTestId("action-reassign").click();
  await expect(unit.getByTestId("reassign-to-h-310115-1"), "it is theirs already").toBeDisabled();
  await expect(unit.getByTestId("reassign-unit"), "a unit's reviewer stays within the unit").toHaveCount(0);
  await expect(unit.getByTestId("reassign-empty")).toBeVisible();
  await keep(unit, "desk-4-nobody-else");

  const desk = await atTheDesk(browser, stack, "bureau-1", one);
  await desk.getByTestId("action-reassign").click();
  const dialog = desk.getByTestId("reassign-dialog");
  await dialog.getByTestId("reassign-unit").selectOption({ label: "松江区水务局（样例）" });
  await dialog.getByTestId("reassign-go").click();
  await expect(dialog.getByTestId("reassign-problem")).toContainText("请先选择经办人");
  await dialog.getByText("松江经办01").click();
  await dialog.getByTestId("reassign-reason").fill("原经办人外出，联系不上。");
  await inspect(desk, "desk-5-reassign");
  await dialog.getByTestId("reassign-go").click();
  await expect(desk.getByTestId("order-detail")).toContainText("松江经办01", { timeout: 30_000 });
  await expect(desk.getByTestId("timeline").locator('[data-kind="reassigned"]')).toHaveCount(1);
  await expect(desk.getByTestId("desk-outbox"), "nothing is left to be sent").toHaveCount(0);
  await keep(desk, "desk-6-reassigned");
  await expect(unit.getByTestId("order-left"), "it is another unit's now").toBeVisible({ timeout: 30_000 });
  await expect(rowOf(unit, one)).toHaveCount(0);
  await unit.context().close();
  await desk.context().close();

  // Back in reach, with the form still on the screen.
  await context.setOffline(false);
  const form = page.getByTestId("form-left");
  await expect(form).toContainText("该工单已改派或移出您的工单", { timeout: 60_000 });
  await expect(page.getByTestId("form-typed")).toContainText(handling);
  await inspect(page, "phone-14-form-left");

  await page.goto(`${stack.gateway}/hotline/#/outbox`);
  const item = page.getByTestId("outbox-item");
  await expect(item).toHaveAttribute("data-state", "parked", { timeout: 30_000 });
  await expect(item).toHaveAttribute("data-reason", "reassigned");
  await expect(item).toContainText(note);
  await expect(item).toContainText(one.orderNo);
  await expect(item).toContainText(one.title);
  const left = page.getByTestId("left-draft");
  await expect(left).toContainText(handling);
  await expect(left).toContainText(one.orderNo);
  await inspect(page, "phone-15-left");

  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.getByTestId("left-copy").click();
  await expect(page.getByText("已复制")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(handling);

  await page.goto(`${stack.gateway}/hotline/#/order/12345-${one.orderNo}`);
  await expect(page.getByTestId("order-left")).toContainText("该工单已改派或移出您的工单");
  await expect(page.getByTestId("left-unsent")).toContainText(note);
  await expect(page.locator("body"), "nothing of the order itself").not.toContainText(one.content);
  await page.goto(`${stack.gateway}/hotline/#/`);
  await expect(page.getByTestId("order-list")).toBeVisible();
  await expect(rowOf(page, one)).toHaveCount(0);

  const others = await browser.newContext();
  const second = await others.newPage();
  await signIn(second, stack, "hotline", "h-310117-1");
  await rowOf(second, one).click();
  await expect(second.getByTestId("order-state")).toHaveAttribute("data-state", "assigned");
  await expect(second.locator("body"), "what was not sent is nobody else's").not.toContainText(note);
  await second.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toContain("签收");
  await others.close();

  await page.goto(`${stack.gateway}/hotline/#/outbox`);
  for (const [button, go] of [
    ["left-discard", "丢弃草稿"],
    ["outbox-discard", "放弃并删除"],
  ] as const) {
    await page.getByTestId(button).click();
    await page.getByRole("dialog").getByRole("button", { name: go }).click();
    await expect(page.getByTestId(button)).toHaveCount(0);
  }
  await expect(page.getByTestId("outbox-empty")).toBeVisible();
});

test("an order whose reassignment the gateway refuses stays where it is, and the desk says why", async ({
  stack,
  browser,
}) => {
  const one = order({ areaCode: "310116", address: "金山区样例路5号" });
  await stack.pushOrder("12345", one);
  const desk = await atTheDesk(browser, stack, "bureau-1", one);
  await desk.getByTestId("action-reassign").click();
  await desk.getByTestId("reassign-unit").selectOption({ label: "青浦区水务局（样例）" });
  await desk.getByTestId("reassign-dialog").getByText("青浦经办01").click();
  // Between the choice and the decision the network goes, and the handler hands the order back.
  await desk.context().setOffline(true);
  await desk.getByTestId("reassign-go").click();
  await expect(desk.getByTestId("desk-outbox").getByTestId("outbox-item")).toHaveAttribute("data-kind", "reassign");
  await inspect(desk, "desk-7-reassign-offline");

  const phone = await browser.newContext();
  const page = await phone.newPage();
  await signIn(page, stack, "hotline", "h-310116-1");
  await rowOf(page, one).click();
  await page.getByTestId("action-return").click();
  await page.getByTestId("field-reason").fill("现场核实为居民户内管道，不属于本单位职责。");
  await page.getByTestId("form-submit").click();
  await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toContain("退单");
  await phone.close();

  await desk.context().setOffline(false);
  const item = desk.getByTestId("desk-outbox").getByTestId("outbox-item");
  await expect(item).toHaveAttribute("data-state", "parked", { timeout: 60_000 });
  await expect(item).toContainText("状态已变化");
  await item.getByTestId("outbox-discard").click();
  await desk.getByRole("dialog").getByRole("button", { name: "放弃并删除" }).click();
  await expect(desk.getByTestId("desk-outbox")).toHaveCount(0);
  await desk.context().close();
});
