// A browser's clock that somebody sets, and a device that slept: the wall clock goes on, the page's stopwatch does not.
import type { Page } from "@playwright/test";
import { setPin, typePin, PIN } from "../pin";
import { choose, expect, order, rowOf, signIn, test } from "../stack";
import { hookWorkers, workerOf } from "../worker-hook";

test.use({ serviceWorkers: "block" });

const HOUR = 3_600_000;

/** The wall clock of page and Worker, ahead by what `setAhead` says. */
const CLOCK = `
  const wall = Date.now;
  self.ahead = 0;
  Date.now = () => wall() + self.ahead;
`;

async function setAhead(page: Page, ahead: number) {
  const set = (now: number) => Object.assign(self, { ahead: now });
  await page.evaluate(set, ahead);
  await workerOf(page).evaluate(set, ahead);
}

test.beforeEach(async ({ context }) => {
  await hookWorkers(context, CLOCK);
  await context.addInitScript(CLOCK);
});

for (const hours of [3, -3]) {
  test(`a clock set by ${hours} h while the page is open without a network stamps rightly`, async ({
    page,
    context,
    stack,
  }) => {
    const one = order({ areaCode: "310104", address: `徐汇区样例路${10 + hours}号` });
    await stack.pushOrder("12345", one);
    await signIn(page, stack, "hotline", "h-310104-1");
    await rowOf(page, one).click();
    await page.getByTestId("action-accept").click();
    await expect.poll(async () => (await stack.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);

    await context.setOffline(true);
    await setAhead(page, hours * HOUR);
    const before = Date.now();
    await page.getByTestId("action-contact").click();
    await choose(page, "reached", "已联");
    await page.getByTestId("field-contact_person").fill("吴先生");
    await page.getByTestId("field-note").fill("约定明天上午到现场。");
    await page.getByTestId("form-submit").click();
    await expect(page.getByTestId("record-contact")).toHaveAttribute("data-delivery", "on_device");

    await context.setOffline(false);
    await expect(page.getByTestId("record-contact")).toHaveAttribute("data-delivery", "received", { timeout: 60_000 });
    // When the citizen was called, when it was submitted, when the gateway took it.
    const shown = (await page.getByTestId("record-contact").innerText()).match(/\d{4}-\d\d-\d\d \d\d:\d\d/g) ?? [];
    expect(shown).toHaveLength(3);
    for (const time of shown) {
      const at = Date.parse(`${time.replace(" ", "T")}:00+08:00`);
      expect(Math.abs(at - before), time).toBeLessThan(180_000);
    }
  });
}

test("a device that slept for an hour shows the lock, whether the page is looked at or not", async ({ page, stack }) => {
  const one = order({ areaCode: "310104", address: "徐汇区样例路20号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310104-1");
  await expect(rowOf(page, one)).toHaveCount(1);
  await page.getByTestId("nav-me").click();
  await setPin(page);
  await page.getByTestId("nav-list").click();
  await rowOf(page, one).click();
  await expect(page.getByText(one.content)).toBeVisible();

  await setAhead(page, HOUR);
  await expect(page.getByTestId("lock-screen"), "nobody touched anything").toBeVisible();
  await expect(page.locator("body")).not.toContainText(one.content);

  await typePin(page, PIN);
  await expect(page.getByText(one.content)).toBeVisible();
  await setAhead(page, 2 * HOUR);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await expect(page.getByTestId("lock-screen")).toBeVisible();
});
