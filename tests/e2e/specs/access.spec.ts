// Who gets in and who does not.
import { expect, order, rowOf, signIn, test } from "../stack";

test("a person the directory does not know is refused with a reason", async ({ page, stack }) => {
  await page.goto(`${stack.gateway}/hotline/?code=never-issued&state=made-up`);
  await expect(page.getByText(/登录没有成功/)).toBeVisible();
  await expect(page.getByRole("button", { name: "用随申办政务云登录" })).toBeVisible();
});

test("a reviewer cannot enter the handlers' app", async ({ page, stack }) => {
  await signIn(page, stack, "hotline", "r-310106");
  await expect(page.getByText(/登录没有成功/)).toBeVisible();
});

test("a handler does not see another unit's order", async ({ page, stack }) => {
  const elsewhere = order({ areaCode: "310107", address: "普陀区样例路1号" });
  const here = order({ areaCode: "310109", address: "虹口区样例路2号" });
  await stack.pushOrder("12345", elsewhere);
  await stack.pushOrder("12345", here);
  await signIn(page, stack, "hotline", "h-310109-1");
  await expect(rowOf(page, here)).toHaveCount(1);
  await expect(rowOf(page, elsewhere)).toHaveCount(0);
});

test("signing out removes the orders from the page and asks to sign in again", async ({ page, stack }) => {
  const one = order({ areaCode: "310110", address: "杨浦区样例路3号" });
  await stack.pushOrder("110", one);
  await signIn(page, stack, "hotline", "h-310110-1");
  await expect(rowOf(page, one, "110")).toHaveCount(1);
  await page.getByTestId("nav-me").click();
  await page.getByTestId("sign-out").click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: /退出|确定/ });
  await confirm.click();
  await expect(page.getByRole("button", { name: "用随申办政务云登录" })).toBeVisible();
  await expect(page.getByText(one.orderNo)).toHaveCount(0);
});
