// Every page at its size: nothing wider than the screen, no serious accessibility violation, a picture kept.
import { inspect } from "../inspect";
import { choose, expect, order, rowOf, signIn, test } from "../stack";

test("the handler's pages", async ({ page, stack }) => {
  const first = order({
    areaCode: "310118",
    address: "青浦区样例路88弄",
    title: "很长的标题用来确认不会挤坏版面：样例路与样例二路交叉口东北角雨水井反复冒溢并伴有异味请尽快核实处理",
  });
  await stack.pushOrder("12345", first);
  await stack.pushMany("12319", 40, 7);
  await page.goto(`${stack.gateway}/hotline/`);
  await expect(page.getByRole("button", { name: "用随申办政务云登录" })).toBeVisible();
  await inspect(page, "phone-sign-in");
  await signIn(page, stack, "hotline", "h-310118-1");
  const row = rowOf(page, first);
  await expect(row).toHaveCount(1);
  await inspect(page, "phone-list");
  await row.click();
  await expect(page.getByText(first.content)).toBeVisible();
  await inspect(page, "phone-detail");
  await page.getByTestId("action-accept").click();
  await page.getByTestId("action-contact").click();
  await expect(page.getByTestId("field-reached")).toBeVisible();
  await inspect(page, "phone-contact-form");
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("张先生");
  await page.getByTestId("form-submit").click();
  await page.getByTestId("action-reply").click();
  await expect(page.getByTestId("field-fact")).toBeVisible();
  await inspect(page, "phone-reply-form");
  await page.goto(`${stack.gateway}/hotline/#/outbox`);
  await inspect(page, "phone-outbox");
  await page.goto(`${stack.gateway}/hotline/#/me`);
  await inspect(page, "phone-me");
  await page.getByTestId("large-type").click();
  await inspect(page, "phone-me-large");
  await page.getByTestId("nav-list").click();
  await expect(row).toHaveCount(1);
  await inspect(page, "phone-list-large");
  await page.getByTestId("tab-done").click();
  await expect(page.getByTestId("tab-done"), "every tab can be reached").toBeInViewport({ ratio: 1 });
  await page.getByTestId("tab-open").click();
  await row.click();
  await page.getByTestId("action-reply").click();
  await expect(page.getByTestId("field-fact")).toBeVisible();
  await inspect(page, "phone-reply-form-large");
  await page.emulateMedia({ colorScheme: "dark" });
  await inspect(page, "phone-reply-form-large-dark");
  await page.getByTestId("back").click();
  await expect(page.getByTestId("order-title")).toBeVisible();
  await inspect(page, "phone-detail-large-dark");
});

test("list and order side by side on a PAD, also in the dark", async ({ page, stack }) => {
  for (let pushed = 0; pushed < 24; pushed += 1) {
    await stack.pushOrder("110", order({ areaCode: "310115", address: `浦东新区样例路${pushed + 1}号` }));
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await signIn(page, stack, "hotline", "h-310115-1");
  await expect(page.getByTestId("order-row").first()).toBeVisible();
  await inspect(page, "pad-list");
  await page.getByTestId("order-row").nth(2).click();
  await expect(page.getByTestId("order-content")).toBeVisible();
  await expect(page.getByTestId("order-row").first()).toBeVisible();
  await inspect(page, "pad-list-order");
  await page.getByTestId("action-return").click();
  await expect(page.getByTestId("field-reason")).toBeVisible();
  await inspect(page, "pad-return-form");
  await page.getByTestId("back").click();
  await expect(page.getByTestId("order-content")).toBeVisible();
  await page.emulateMedia({ colorScheme: "dark" });
  await inspect(page, "pad-list-order-dark");
  await page.setViewportSize({ width: 800, height: 1280 });
  await expect(page.getByTestId("order-content"), "turned upright, the order has the page").toBeVisible();
  await inspect(page, "pad-upright-order-dark");
});

test("the desk", async ({ page, stack }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await stack.pushMany("12345", 60, 5);
  await page.goto(`${stack.gateway}/desk/`);
  await expect(page.getByRole("button", { name: "用随申办政务云登录" })).toBeVisible();
  await inspect(page, "desk-sign-in");
  await signIn(page, stack, "desk", "bureau-1");
  await expect(page.getByTestId("order-row").first()).toBeVisible();
  await inspect(page, "desk-list");
  await page.getByTestId("order-row").first().click();
  await expect(page.getByTestId("order-detail")).toBeVisible();
  await inspect(page, "desk-detail");
  await page.emulateMedia({ colorScheme: "dark" });
  await inspect(page, "desk-detail-dark");
  await page.setViewportSize({ width: 1280, height: 800 });
  await inspect(page, "desk-detail-1280-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByTestId("account").click();
  await page.getByTestId("large-type").click();
  await inspect(page, "desk-account-large");
});
