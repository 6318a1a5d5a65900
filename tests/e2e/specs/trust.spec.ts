// A lost phone gives nothing away, and only devices an administrator let in may send.
import type { Browser, Page } from "@playwright/test";
import { inspect } from "../inspect";
import { PIN, setPin, typePin } from "../pin";
import { choose, expect, order, rowOf, signIn, test, type Stack } from "../stack";

const WRONG = "000000";
const DESK = { width: 1440, height: 900 };

/** The page 设备管理, opened by the administrator in a browser of their own. */
async function manage(browser: Browser, stack: Stack) {
  const context = await browser.newContext({ viewport: DESK, reducedMotion: "reduce" });
  const page = await context.newPage();
  await signIn(page, stack, "desk", "admin-1");
  await page.getByTestId("nav-devices").click();
  await expect(page.getByTestId("device-list")).toHaveAttribute("data-shown", /\d/);
  return page;
}

/** A new code for this person, and the fingerprint shown with it. */
async function invite(admin: Page, user: string) {
  await admin.getByTestId("invite").click();
  await admin.getByTestId("invite-user").fill(user);
  await admin.getByTestId("invite-go").click();
  await expect(admin.getByTestId("invitation")).toBeVisible();
  return {
    code: await admin.getByTestId("invitation-code").innerText(),
    fingerprint: await admin.getByTestId("invitation-fingerprint").innerText(),
    qrText: (await admin.getByTestId("qr").getAttribute("data-text")) ?? "",
  };
}

/** Give the code to the page that asks for it, and pass through the container once more. */
async function enrol(page: Page, user: string, code: string) {
  await page.getByTestId("enrol-code").fill(code);
  await page.getByTestId("enrol-go").click();
  await page.locator(`[data-user="${user}"]`).click();
}

/** A handler on a new device, let in by the text of a QR code. */
async function letIn(page: Page, browser: Browser, stack: Stack, user: string) {
  const admin = await manage(browser, stack);
  const { qrText } = await invite(admin, user);
  await admin.context().close();
  await signIn(page, stack, "hotline", user);
  await enrol(page, user, qrText);
  await page.getByTestId("compare-same").click();
}

test("a new device is let in by a code, listed, revoked, and keeps its author's draft", async ({
  page,
  browser,
  guarded,
}) => {
  const user = "h-310112-1";
  const one = order({ areaCode: "310112", address: "闵行区样例路8号" });
  await guarded.pushOrder("12345", one);
  const admin = await manage(browser, guarded);
  await inspect(admin, "desk-devices");
  const invitation = await invite(admin, user);
  expect(invitation.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  await inspect(admin, "desk-invitation");
  await admin.getByTestId("invite-close").click();

  await signIn(page, guarded, "hotline", user);
  await expect(page.getByTestId("enrol-form")).toBeVisible();
  await inspect(page, "phone-enrol");
  await enrol(page, user, "0000-0000");
  await expect(page.getByTestId("enrol-problem")).toContainText("新的登记码");
  await enrol(page, user, invitation.code.toLowerCase().replace("-", " "));
  await expect(page.getByTestId("compare-fingerprint")).toHaveText(invitation.fingerprint);
  await inspect(page, "phone-compare");
  await page.getByTestId("compare-same").click();
  await expect(page.getByTestId("notice-pin-needed"), "the rules want a PIN").toBeVisible();
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("孙女士");
  await expect(page.getByText("草稿已保存")).toBeVisible();

  await admin.getByTestId("devices-refresh").click();
  const row = admin.locator(`[data-testid="device-row"][data-user="${user}"]`);
  await expect(row).toHaveCount(1);
  await row.getByTestId("revoke").click();
  await expect(admin.getByRole("dialog")).toContainText("不可撤销");
  await inspect(admin, "desk-revoke");
  await admin.getByRole("dialog").getByRole("button", { name: "确认吊销" }).click();
  await expect(row).toHaveCount(0);
  await admin.getByTestId("devices-revoked").click();
  await expect(row).toHaveAttribute("data-revoked", "true");
  await admin.setViewportSize({ width: 1280, height: 800 });
  await inspect(admin, "desk-devices-1280");
  await row.getByTestId("release").click();
  await expect(admin.getByRole("dialog")).toContainText("凭政务云登录即可登记");
  await inspect(admin, "desk-release");
  await admin.getByRole("dialog").getByRole("button", { name: "确认解除" }).click();
  await expect(row.getByTestId("release")).toHaveCount(0);

  // Anything that reaches the gateway tells the device.
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await expect(page.getByTestId("notice-revoked")).toBeVisible({ timeout: 40_000 });
  await expect(page.locator("body"), "what it had received is gone").not.toContainText(one.title);
  await inspect(page, "phone-revoked");

  const again = await invite(admin, user);
  await admin.context().close();
  await signIn(page, guarded, "hotline", user);
  await enrol(page, user, again.code);
  await page.getByTestId("compare-same").click();
  await rowOf(page, one).click();
  await page.getByTestId("action-contact").click();
  await expect(page.getByTestId("field-contact_person"), "the draft waited for its author").toHaveValue("孙女士");
});

test("a locked device shows nothing, opens with its PIN only, and is still locked after a reload", async ({
  page,
  browser,
  guarded,
}) => {
  const one = order({ areaCode: "310113", address: "宝山区样例路9号" });
  await guarded.pushOrder("12345", one);
  await letIn(page, browser, guarded, "h-310113-1");
  await expect(rowOf(page, one)).toHaveCount(1);
  await page.getByTestId("nav-me").click();
  await setPin(page);
  await inspect(page, "phone-me-pin");
  await page.getByTestId("nav-list").click();
  await rowOf(page, one).click();
  await expect(page.getByText(one.content)).toBeVisible();
  await page.goto(`${guarded.gateway}/hotline/#/me`);
  await page.getByTestId("pin-lock-now").click();
  await expect(page.getByTestId("lock-screen")).toBeVisible();
  await expect(page.locator("body")).not.toContainText(one.orderNo);
  await inspect(page, "phone-locked");

  await page.reload();
  await expect(page.getByTestId("lock-screen"), "a reload opens nothing").toBeVisible();
  await typePin(page, WRONG);
  await expect(page.getByTestId("lock-problem")).toHaveText("密码不正确");
  await expect(page.getByTestId("lock-attempts")).toHaveAttribute("data-left", "2");
  await page.keyboard.type(PIN);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("me-page")).toBeVisible();
  await page.getByTestId("nav-list").click();
  await expect(rowOf(page, one)).toHaveCount(1);
});

test("after the last wrong PIN everything on the device is gone, and it says so first", async ({
  page,
  browser,
  context,
  guarded,
}) => {
  const one = order({ areaCode: "310114", address: "嘉定区样例路3号" });
  await guarded.pushOrder("12345", one);
  const user = "h-310114-1";
  await letIn(page, browser, guarded, user);
  await rowOf(page, one).click();
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await guarded.feedback(one.orderNo)).map((f) => f.action)).toEqual(["签收"]);
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("李先生");
  await expect(page.getByText("草稿已保存")).toBeVisible();
  await page.goto(`${guarded.gateway}/hotline/#/me`);
  await page.getByTestId("nav-me").click();
  await setPin(page);
  await context.setOffline(true);
  await page.getByTestId("pin-lock-now").click();

  await typePin(page, WRONG);
  await expect(page.getByTestId("lock-attempts")).toHaveAttribute("data-left", "2");
  await typePin(page, WRONG);
  await expect(page.getByTestId("lock-last-attempt")).toContainText("永久清除");
  await expect(page.getByTestId("lock-problem")).toContainText("请等待");
  await expect(page.getByTestId("pin-key-1")).toBeDisabled();
  await inspect(page, "phone-last-attempt");
  await expect(page.getByTestId("pin-key-1")).toBeEnabled();
  await typePin(page, WRONG);
  await expect(page.getByTestId("erased-screen")).toBeVisible();
  await inspect(page, "phone-erased");

  await context.setOffline(false);
  await page.getByTestId("erased-go").click();
  await expect(page.getByTestId("sign-in-page")).toBeVisible();
  const admin = await manage(browser, guarded);
  const { code } = await invite(admin, user);
  await admin.context().close();
  await page.getByTestId("sign-in").click();
  await page.locator(`[data-user="${user}"]`).click();
  await enrol(page, user, code);
  await page.getByTestId("compare-same").click();
  await rowOf(page, one).click();
  await page.getByTestId("action-contact").click();
  const reached = page.getByTestId("field-reached").getByRole("radio", { checked: true });
  await expect(reached, "the draft is gone for good").toHaveCount(0);
  await choose(page, "reached", "已联");
  await expect(page.getByTestId("field-contact_person")).toHaveValue("");
});
