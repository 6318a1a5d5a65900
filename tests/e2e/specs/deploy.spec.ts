// A new build is deployed while a page is open.
import { rmSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { copyOfPages, deploy } from "../deploy";
import { inspect } from "../inspect";
import { choose, contacted, expect, order, rowOf, shellKept, signIn, startWith, test as base, type Stack } from "../stack";
import { workerOf } from "../worker-hook";

const test = base.extend<{ folder: string; served: Stack }>({
  folder: async ({}, use) => {
    const folder = copyOfPages();
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
  /** A stack of its own that serves `folder`. */
  served: async ({ folder }, use) => {
    const { stack, stop } = await startWith(folder);
    await use(stack);
    await stop();
  },
});

/** The addresses of this origin's assets that were asked for in vain. */
function missing(context: BrowserContext): string[] {
  const found: string[] = [];
  context.on("response", (answer) => {
    if (answer.status() === 404 && answer.url().includes("/assets/")) found.push(answer.url());
  });
  return found;
}

const entry = (page: Page) => page.locator('script[type="module"][src]').first().getAttribute("src");

/** A defect anywhere in the program: it is started again. */
async function breakDown(page: Page) {
  const restarted = page.waitForEvent("worker");
  await workerOf(page).evaluate(() => {
    setTimeout(() => {
      throw new Error("a defect");
    });
  });
  await restarted;
}

async function beginContact(page: Page, stack: Stack) {
  const one = order({ areaCode: "310101", address: "样例路5号" });
  await stack.pushOrder("12345", one);
  await signIn(page, stack, "hotline", "h-310101-1");
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("赵女士");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
}

for (const shell of ["allow", "block"] as const) {
  test.describe(`service workers: ${shell}`, () => {
    test.use({ serviceWorkers: shell });

    test("the program is started again from what the page has, work goes on, and a reload is offered", async ({
      page,
      context,
      served,
      folder,
    }) => {
      const lost = missing(context);
      await beginContact(page, served);
      if (shell === "allow") await shellKept(page);
      const before = await entry(page);
      deploy(folder, "n1");
      // Twice: what is kept is not used up.
      await breakDown(page);
      await expect(page.getByTestId("notice-restarted")).toBeVisible();
      await breakDown(page);
      await page.getByTestId("field-note").fill("约周三上午到现场。");
      await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");

      await page.evaluate(() => window.dispatchEvent(new Event("focus")));
      await expect(page.getByTestId("notice-new-build")).toBeVisible();
      await inspect(page, `phone-new-build-${shell}`);
      await page.getByTestId("field-note").fill("约周三下午到现场。");
      await page.getByTestId("notice-change-over").click();
      await expect.poll(() => entry(page).catch(() => before)).not.toBe(before);
      await expect(page.getByTestId("field-note"), "typed just before").toHaveValue("约周三下午到现场。");
      await expect(page.getByTestId("notice-new-build")).toHaveCount(0);
      await page.getByTestId("form-submit").click();
      await contacted(page, 1);
      expect(lost).toEqual([]);
    });
  });
}

test("a tab opened beside goes on working when the other changed over to the new build", async ({
  page,
  context,
  served,
  folder,
}) => {
  const lost = missing(context);
  await beginContact(page, served);
  await shellKept(page);
  const second = await context.newPage();
  await second.goto(`${served.gateway}/hotline/`);
  await expect(second.getByTestId("notice-follower")).toBeVisible();
  deploy(folder, "n2");
  await second.evaluate(() => window.dispatchEvent(new Event("focus")));
  await second.getByTestId("notice-change-over").click();
  await expect(second.getByTestId("notice-new-build")).toHaveCount(0);

  await breakDown(page);
  await page.getByTestId("field-note").fill("旧页面里写的。");
  await expect(page.getByTestId("draft-state")).toHaveAttribute("data-state", "saved");
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await expect(page.getByTestId("notice-new-build")).toBeVisible();
  expect(lost).toEqual([]);
});
