// The neutral entry with a pack of another business (tests/packs/river): planned at a desk, walked without a network on a
// phone, seen by everybody it concerns. Nothing in the pages knows that pack.
import type { Locator, Page } from "@playwright/test";
import { inspect } from "../inspect";
import { expect, shellKept, signIn, test } from "../stack";

const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
/** Who is what in the scenario's directory. */
const PLANNER = "r-310151";
const INSPECTOR = "h-310151-1";
/** Of the district whose findings he gets. */
const FIXER = "h-310120-1";

let numbers = 0;
/** A river of its own for each test. */
function river(): string {
  numbers += 1;
  return `样例河${process.pid}-${numbers}`;
}

function rowOf(page: Page, title: string): Locator {
  return page.getByTestId("record-row").filter({ hasText: title });
}

function state(page: Page): Locator {
  return page.getByTestId("record-state");
}

/** Do an act that is not the one at hand. */
async function further(page: Page, act: string) {
  await page.getByTestId("acts-more").click();
  await page.getByTestId(`act-${act}`).click();
}

async function pick(page: Page, field: string, option: string) {
  await page.getByTestId(`field-${field}`).click();
  await page.getByRole("dialog").getByText(option, { exact: true }).click();
}

/** 派发巡查 from the list that is open. */
async function plan(page: Page, name: string) {
  await page.getByTestId("open-record").click();
  await page.getByTestId("field-river").fill(name);
  await page.getByTestId("field-reach").fill("一号桥至二号桥");
  await pick(page, "district", "奉贤区");
  await page.getByTestId("field-planned_on-today").click();
  await page.getByTestId("field-inspector").fill(INSPECTOR);
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-title")).toHaveText(name);
}

async function confirm(page: Page) {
  await page.getByRole("dialog").getByRole("button", { name: "确认并签名" }).click();
}

/** 记录点位 on the record that is open. */
async function spot(page: Page, name: string, depth: string) {
  await page.getByTestId("act-primary").click();
  await page.getByTestId("field-name").fill(name);
  await page.getByTestId("choice-ok-true").check({ force: true });
  await page.getByTestId("field-depth").fill(depth);
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-title")).toBeVisible();
}

test("a task planned at the desk is done on a phone without a network, and the desk sees it", async ({ browser, page, context, packed: stack }) => {
  const name = river();
  const office = await browser.newContext({ viewport: DESK });
  const desk = await office.newPage();
  await signIn(desk, stack, "cases", PLANNER);
  await plan(desk, name);
  await expect(state(desk)).toHaveAttribute("data-state", "planned");
  await expect(rowOf(desk, name)).toHaveCount(1);
  await inspect(desk, "cases-desk-planned");

  await page.setViewportSize(PHONE);
  await signIn(page, stack, "cases", INSPECTOR);
  await expect(rowOf(page, name)).toHaveCount(1);
  await inspect(page, "cases-phone-list");
  await shellKept(page);
  await context.setOffline(true);
  await rowOf(page, name).click();
  await page.getByTestId("act-primary").click();
  await confirm(page);
  await expect(state(page)).toHaveAttribute("data-state", "walking");
  await expect(page.getByTestId("mark-pending")).toBeVisible();
  await page.getByTestId("acts-more").click();
  await expect(page.getByTestId("act-submit"), "the law's own words").toContainText("请先记录至少一个点位");
  await inspect(page, "cases-phone-acts");
  await page.getByTestId("sheet-close").click();

  await page.getByTestId("act-primary").click();
  await page.getByTestId("field-name").fill("一号桥");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
  await page.reload();
  await expect(page.getByTestId("field-name"), "what was typed is kept").toHaveValue("一号桥");
  await inspect(page, "cases-phone-form");
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("issue-ok")).toContainText("正常必须填写");
  await page.getByTestId("choice-ok-true").check({ force: true });
  await page.getByTestId("field-depth").fill("１．２５");
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-title")).toBeVisible();
  await spot(page, "二号桥", "0.5");
  await expect(page.getByTestId("record-detail"), "the law adds up exactly").toContainText("1.75");
  await further(page, "submit");
  await page.getByTestId("choice-water-clear").check({ force: true });
  await page.getByTestId("field-witness_phone").fill("19900001234");
  await page.getByTestId("form-submit").click();
  await expect(state(page)).toHaveAttribute("data-state", "finished");
  await inspect(page, "cases-phone-offline");
  await page.goto(`${stack.gateway}/cases/#/outbox`);
  await expect(page.getByTestId("outbox-item")).toHaveCount(4);
  await inspect(page, "cases-phone-outbox");

  await context.setOffline(false);
  await expect(page.getByTestId("outbox-empty")).toBeVisible({ timeout: 30_000 });
  await expect(state(desk)).toHaveAttribute("data-state", "finished", { timeout: 30_000 });
  await expect(desk.getByTestId("record-detail")).toContainText("1.75");
  await expect(desk.getByTestId("record-detail"), "masked for the office").not.toContainText("19900001234");
  await inspect(desk, "cases-desk-finished");
  await desk.emulateMedia({ colorScheme: "dark" });
  await inspect(desk, "cases-desk-finished-dark");
  await office.close();
});

test("an act that the gateway refuses stays with its words until it is let go", async ({ browser, page, context, packed: stack }) => {
  const name = river();
  const office = await browser.newContext({ viewport: DESK });
  const desk = await office.newPage();
  await signIn(desk, stack, "cases", PLANNER);
  await plan(desk, name);
  await page.setViewportSize(PHONE);
  await signIn(page, stack, "cases", INSPECTOR);
  await rowOf(page, name).click();
  await context.setOffline(true);
  await page.getByTestId("act-primary").click();
  await confirm(page);
  await expect(state(page)).toHaveAttribute("data-state", "walking");
  await spot(page, "一号桥", "0.8");

  await desk.getByTestId("act-primary").click();
  await desk.getByTestId("field-reason").fill("改期");
  await desk.getByTestId("form-submit").click();
  await expect(state(desk)).toHaveAttribute("data-state", "called_off");

  await context.setOffline(false);
  await page.getByTestId("record-parked").click({ timeout: 30_000 });
  const items = page.getByTestId("outbox-item");
  const refused = items.filter({ hasText: "开始巡查" });
  await expect(refused).toHaveAttribute("data-state", "parked", { timeout: 30_000 });
  await expect(refused).toHaveAttribute("data-reason", "wrong_state");
  await expect(items.filter({ hasText: "点位：一号桥" }), "nothing typed is out of sight").toHaveCount(1);
  await inspect(page, "cases-phone-refused");
  for (const act of ["开始巡查", "记录点位"]) {
    const item = items.filter({ hasText: act });
    await expect(item).toHaveAttribute("data-state", "parked", { timeout: 30_000 });
    await item.getByTestId("outbox-discard").click();
    await page.getByRole("dialog").getByRole("button", { name: "放弃并删除" }).click();
    await expect(item).toHaveCount(0);
  }
  await expect(page.getByTestId("outbox-empty")).toBeVisible();
  await page.getByTestId("nav-list").click();
  await page.getByTestId("tab-done").click();
  await rowOf(page, name).click();
  await expect(state(page)).toHaveAttribute("data-state", "called_off");
  await office.close();
});

test("what is asked of another kind of record shows with the task as waiting, without a network too", async ({ browser, page, context, packed: stack }) => {
  const name = river();
  const office = await browser.newContext({ viewport: DESK });
  const desk = await office.newPage();
  await signIn(desk, stack, "cases", PLANNER);
  await plan(desk, name);
  await page.setViewportSize({ width: 1024, height: 768 });
  await signIn(page, stack, "cases", INSPECTOR);
  await rowOf(page, name).click();
  await context.setOffline(true);
  await page.getByTestId("act-primary").click();
  await confirm(page);
  await expect(state(page)).toHaveAttribute("data-state", "walking");
  await spot(page, "一号桥", "0.8");
  await further(page, "report");
  await page.getByTestId("choice-matter-litter").check({ force: true });
  await page.getByTestId("choice-urgency-urgent").check({ force: true });
  await page.getByTestId("field-place").fill("31.2316，121.4844");
  await page.getByTestId("field-what").fill("桥下漂浮垃圾成片");
  await inspect(page, "cases-pad-form");
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-link")).toContainText("正在等待对方处理");
  await further(page, "submit");
  await page.getByTestId("choice-water-dirty").check({ force: true });
  await page.getByTestId("form-submit").click();
  await expect(state(page)).toHaveAttribute("data-state", "fixing");
  await inspect(page, "cases-pad-waiting");
  await context.setOffline(false);
  await expect(page.getByTestId("mark-pending")).toHaveCount(0, { timeout: 30_000 });
  await expect(state(desk)).toHaveAttribute("data-state", "fixing", { timeout: 30_000 });
  await office.close();
});

test("what a task asks of another kind comes back to it", async ({ browser, page, packed: stack }) => {
  const name = river();
  const office = await browser.newContext({ viewport: DESK });
  const desk = await office.newPage();
  await signIn(desk, stack, "cases", PLANNER);
  await plan(desk, name);
  await page.setViewportSize(PHONE);
  await signIn(page, stack, "cases", INSPECTOR);
  await rowOf(page, name).click();
  await page.getByTestId("act-primary").click();
  await confirm(page);
  await expect(state(page)).toHaveAttribute("data-state", "walking");
  await spot(page, "一号桥", "0.8");
  await further(page, "report");
  await page.getByTestId("choice-matter-litter").check({ force: true });
  await page.getByTestId("choice-urgency-urgent").check({ force: true });
  await page.getByTestId("field-place").fill("31.2316，121.4844");
  await page.getByTestId("field-what").fill(`${name}桥下漂浮垃圾`);
  await page.getByTestId("form-submit").click();
  await expect(page.getByTestId("record-link")).toHaveCount(1);
  await further(page, "submit");
  await page.getByTestId("choice-water-dirty").check({ force: true });
  await page.getByTestId("form-submit").click();
  await expect(state(page)).toHaveAttribute("data-state", "fixing", { timeout: 30_000 });

  const yard = await browser.newContext({ viewport: { width: 1024, height: 768 } });
  const pad = await yard.newPage();
  await signIn(pad, stack, "cases", FIXER);
  await rowOf(pad, `${name}桥下漂浮垃圾`).click();
  await expect(pad.getByTestId("record-detail")).toContainText("北纬 31.23160");
  await inspect(pad, "cases-pad-finding");
  await pad.getByTestId("act-primary").click();
  await confirm(pad);
  await expect(state(pad)).toHaveAttribute("data-state", "fixing");
  await pad.getByTestId("act-primary").click();
  await pad.getByTestId("field-measure").fill("打捞清运");
  await pad.getByTestId("field-cost").fill("60000");
  await pad.getByTestId("form-submit").click();
  await expect(pad.getByTestId("submit-error"), "the law's own words").toContainText("费用超过五万元，须另行报批");
  await inspect(pad, "cases-pad-refused");
  await pad.getByTestId("field-cost").fill("800.50");
  await pad.getByTestId("form-submit").click();
  await expect(state(pad)).toHaveAttribute("data-state", "fixed");
  await expect(state(page)).toHaveAttribute("data-state", "finished", { timeout: 30_000 });
  await page.getByTestId("back").click();
  await page.getByTestId("tab-done").click();
  await expect(rowOf(page, name)).toHaveCount(1);
  await inspect(page, "cases-phone-done");
  await yard.close();
  await office.close();
});
