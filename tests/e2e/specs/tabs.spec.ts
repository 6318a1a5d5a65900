// Two tabs of one browser: one hangs, both write, both sign in, both submit.
import type { BrowserContext, Page } from "@playwright/test";
import { inspect } from "../inspect";
import { workerOf } from "../worker-hook";
import { choose, contacted, expect, order, rowOf, signIn, test, type Stack } from "../stack";

/** A new order of this district, accepted, on the page of its handler. */
async function openAccepted(page: Page, stack: Stack, district: string) {
  const one = order({ areaCode: district, address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", `h-${district}-1`);
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect(page.getByTestId("action-contact")).toBeVisible();
  return one;
}

/** The contact form of this order in one more tab. */
async function contactIn(context: BrowserContext, stack: Stack, one: { orderNo: string }) {
  const page = await context.newPage();
  await page.goto(`${stack.gateway}/hotline/#/order/12345-${one.orderNo}/contact`);
  await expect(page.getByTestId("field-reached")).toBeVisible();
  return page;
}

const saved = (page: Page) => expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");

test("the tab that runs the program hangs: the other says so, takes over, and what was asked there is done once", async ({
  page,
  context,
  stack,
}) => {
  const one = await openAccepted(page, stack, "310101");
  const second = await contactIn(context, stack, one);
  await expect(second.getByTestId("notice-follower")).toBeVisible();
  await choose(second, "reached", "已联");
  // What a choice asks further is the program's word.
  await expect(second.getByTestId("field-contact_person")).toBeVisible();
  const busy = page.evaluate(() => {
    const end = performance.now() + 75_000;
    while (performance.now() < end);
  });
  await second.getByTestId("field-contact_person").fill("赵女士");
  await expect(second.getByTestId("notice-owner-silent")).toBeVisible();
  await inspect(second, "phone-owner-silent");
  // Well before the other tab is free again.
  await expect(second.getByTestId("notice-owner-silent")).toHaveCount(0, { timeout: 30_000 });
  await saved(second);
  await second.getByTestId("form-submit").click();
  await expect(second.getByTestId("record-contact")).toContainText("赵女士");
  await contacted(second, 1);

  await busy;
  await expect(page.getByTestId("notice-follower"), "it works through the other now").toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId("record-contact")).toContainText("赵女士");
  await second.close();
  await expect(page.getByTestId("notice-follower")).toHaveCount(0);
  await contacted(page, 1);
});

test("the program itself hangs: the page says so and starts it again, and what was typed is kept", async ({ page, stack }) => {
  await openAccepted(page, stack, "310112");
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await saved(page);
  const restarted = page.waitForEvent("worker", { timeout: 60_000 });
  // Not within the debugger's own call, which no browser ends.
  await workerOf(page).evaluate(() => {
    setTimeout(() => {
      const end = performance.now() + 75_000;
      while (performance.now() < end);
    });
  });
  await page.getByTestId("field-contact_person").fill("赵女士");
  await expect(page.getByTestId("notice-unresponsive")).toBeVisible();
  await inspect(page, "phone-unresponsive");
  await restarted;
  await expect(page.getByTestId("notice-unresponsive")).toHaveCount(0);
  await saved(page);
  await page.reload();
  await expect(page.getByTestId("field-contact_person")).toHaveValue("赵女士");
});

test("two tabs fill in different fields of one draft: both are kept", async ({ page, context, stack }) => {
  const one = await openAccepted(page, stack, "310104");
  const [first, second] = [await contactIn(context, stack, one), await contactIn(context, stack, one)];
  await choose(first, "reached", "已联");
  await first.getByTestId("field-contact_person").fill("赵女士");
  await saved(first);
  await second.getByTestId("field-note").fill("约周三上午到现场。");
  await saved(second);
  await expect(second.getByTestId("field-contact_person")).toHaveValue("赵女士");
  await first.getByTestId("field-contact_person").fill("赵女士、钱先生");
  await saved(first);
  await expect(first.getByTestId("field-note")).toHaveValue("约周三上午到现场。");
  await first.reload();
  await expect(first.getByTestId("field-note")).toHaveValue("约周三上午到现场。");
  await expect(first.getByTestId("field-contact_person")).toHaveValue("赵女士、钱先生");
});

test("two tabs write in the same field: each is shown until somebody decides", async ({ page, context, stack }) => {
  const one = await openAccepted(page, stack, "310105");
  const [first, second] = [await contactIn(context, stack, one), await contactIn(context, stack, one)];
  await first.getByTestId("field-note").fill("甲页写的内容。");
  await saved(first);
  await second.getByTestId("field-note").fill("乙页写的内容。");
  await saved(second);
  const other = second.getByTestId("other-answer");
  await expect(other).toContainText("甲页写的内容。");
  await expect(second.getByTestId("field-note")).toHaveValue("乙页写的内容。");
  await inspect(second, "phone-two-tabs-one-field");
  await other.getByTestId("other-behind").click();
  await expect(second.getByTestId("field-note")).toHaveValue("乙页写的内容。\n甲页写的内容。");
  await expect(second.getByTestId("other-tab")).toHaveCount(0);
  // Whenever its window comes to the front.
  await expect(async () => {
    await first.evaluate(() => window.dispatchEvent(new Event("focus")));
    expect(await first.getByTestId("field-note").inputValue()).toBe("乙页写的内容。\n甲页写的内容。");
  }).toPass();
});

test("a form that another tab changed is not submitted before the person has looked", async ({ page, context, stack }) => {
  const one = await openAccepted(page, stack, "310106");
  const [first, second] = [await contactIn(context, stack, one), await contactIn(context, stack, one)];
  await choose(first, "reached", "已联");
  await first.getByTestId("field-contact_person").fill("赵女士");
  await saved(first);
  await second.getByTestId("field-note").fill("约周三上午到现场。");
  await saved(second);
  // Pressed without the window coming to the front first.
  await first.evaluate(() => document.querySelector<HTMLElement>('[data-testid="form-submit"]')?.click());
  await expect(first.getByTestId("submit-error")).toContainText("另一个标签页");
  await inspect(first, "phone-look-again");
  await first.getByTestId("form-submit").click();
  await expect(first.getByTestId("record-contact")).toContainText("约周三上午到现场。");
});

test("two sign-ins begun side by side: either finishes", async ({ page, context, stack }) => {
  const second = await context.newPage();
  const pages = [page, second];
  for (const tab of pages) {
    await tab.goto(`${stack.gateway}/hotline/`);
    await tab.getByTestId("sign-in").click();
    await expect(tab.locator('[data-user="h-310107-1"]')).toBeVisible();
  }
  for (const tab of pages) {
    await tab.locator('[data-user="h-310107-1"]').click();
    await expect(tab.getByTestId("nav-me")).toBeVisible();
    await expect(tab.getByTestId("sign-in-error")).toHaveCount(0);
  }
});

test("a form submitted twice in one tick is one record", async ({ page, stack }) => {
  await openAccepted(page, stack, "310109");
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("赵女士");
  await saved(page);
  await page.getByTestId("form-submit").evaluate((button) => {
    (button as HTMLElement).click();
    (button as HTMLElement).click();
  });
  await expect(page.getByTestId("record-contact")).toContainText("赵女士");
  await contacted(page, 1);
});

test("a form submitted in two tabs at once is one record", async ({ page, context, stack }) => {
  const one = await openAccepted(page, stack, "310110");
  const first = await contactIn(context, stack, one);
  await choose(first, "reached", "已联");
  await first.getByTestId("field-contact_person").fill("赵女士");
  await saved(first);
  const second = await contactIn(context, stack, one);
  await expect(second.getByTestId("field-contact_person")).toHaveValue("赵女士");
  const submit = (tab: Page) =>
    tab.evaluate(() => document.querySelector<HTMLElement>('[data-testid="form-submit"]')?.click());
  await Promise.all([submit(first), submit(second)]);
  await contacted(page, 1);
});
