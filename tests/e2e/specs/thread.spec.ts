// The main job: one order travels from the city to a handler's phone and back.
import { choose, expect, keep, order, shellKept, rowOf, signIn, test } from "../stack";

test("an order is answered from a phone that was offline, and the city receives the signed reply", async ({
  page,
  context,
  stack,
  browser,
}) => {
  const complaint = order({ areaCode: "310101", address: "黄浦区样例路88弄" });
  const first = await stack.pushOrder("12345", complaint);
  expect(first).toMatchObject({ status: 200, body: { code: 0, duplicate: false } });
  const again = await stack.pushOrder("12345", complaint);
  expect(again.body, "the same order pushed twice is one order").toMatchObject({
    code: 0,
    duplicate: true,
    orderId: first.body.orderId,
  });

  await signIn(page, stack, "hotline", "h-310101-1");
  const row = rowOf(page, complaint);
  await expect(row).toHaveCount(1);
  await expect(row, "the deadline counts down").toContainText(/剩|超期/);
  await shellKept(page);
  await keep(page, "phone-1-list");

  await row.click();
  await expect(page.getByText(complaint.content)).toBeVisible();
  await expect(page.locator("body"), "the caller is masked").not.toContainText("19900001234");
  await keep(page, "phone-2-order");
  await page.getByTestId("action-accept").click();
  await expect.poll(async () => (await stack.feedback(complaint.orderNo)).map((f) => f.action)).toEqual(["签收"]);

  await context.setOffline(true);
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "已联");
  await page.getByTestId("field-contact_person").fill("王女士");
  await page.getByTestId("form-submit").click();
  await expect(page.getByText("先行联系记录")).toBeVisible();

  await page.getByTestId("action-reply").click();
  await choose(page, "fact", "属实");
  await choose(page, "appeal", "诉求合理合法");
  await choose(page, "site_visit", "是");
  await choose(page, "satisfaction", "满意");
  await choose(page, "mode", "电话");
  await choose(page, "resolved", "实际解决");
  await page.getByTestId("field-replied_at-now").click();
  await page.getByTestId("field-department").fill("排水养护一队");
  const handling = "养护队当日到场疏通管道二十米，清出淤积，雨天复查无返水。";
  await page.getByTestId("field-handling").fill(handling);
  await keep(page, "phone-3-reply-form");
  await page.getByTestId("form-submit").click();
  await expect(page.getByText(handling)).toBeVisible();

  await page.reload();
  await expect(page.getByText(handling), "the reply is still there after a reload without a network").toBeVisible();
  await expect(page.getByText("王女士").first(), "and so is the contact").toBeVisible();
  await expect(page.getByText("已签名保存，待发送").first()).toBeVisible();
  await keep(page, "phone-4-offline-after-reload");
  expect(await stack.feedback(complaint.orderNo), "nothing left the phone yet").toHaveLength(1);

  // The first answer after the network returns is lost on the way: the same bytes are sent again.
  await stack.dropReplies(1);
  await context.setOffline(false);
  await expect(page.getByText("已签名保存，待发送")).toHaveCount(0, { timeout: 30_000 });
  await expect
    .poll(async () => (await stack.feedback(complaint.orderNo)).map((f) => f.action))
    .toEqual(["签收", "办结"]);
  await keep(page, "phone-5-delivered");

  const desk = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const reviewer = await desk.newPage();
  await signIn(reviewer, stack, "desk", "r-310101");
  await reviewer.getByTestId("tab-done").click();
  await rowOf(reviewer, complaint).click();
  await expect(reviewer.getByText(handling)).toBeVisible();
  const verdict = reviewer.getByTestId("proof-verdict");
  await expect(verdict).toContainText("3 条指令签名与回执全部有效");
  await expect(verdict, "the verdict needs no scrolling").toBeInViewport();
  const proofs = reviewer.getByTestId("proof-item");
  await expect(proofs, "签收, 先行联系 and 办结, each once").toHaveCount(3);
  for (const proof of await proofs.all()) {
    await expect(proof.getByTestId("proof-signature")).toHaveAttribute("data-check", "valid");
    await expect(proof.getByTestId("proof-receipt")).toHaveAttribute("data-check", "valid");
  }
  await expect(reviewer.locator("body")).not.toContainText("19900001234");
  await keep(reviewer, "desk-1-proof");
  await verdict.click();
  await expect(proofs.last(), "one press leads to the proof").toBeInViewport();
  await keep(reviewer, "desk-2-proof-details");
  await desk.close();
});

test("a form that breaks a rule stays a draft and says what is missing", async ({ page, stack }) => {
  const complaint = order({ areaCode: "310104", address: "徐汇区样例路12号" });
  await stack.pushOrder("12319", complaint);
  await signIn(page, stack, "hotline", "h-310104-1");
  await rowOf(page, complaint, "12319").click();
  await page.getByTestId("action-accept").click();
  await page.getByTestId("action-contact").click();
  await choose(page, "reached", "未联");
  await page.getByTestId("form-submit").click();
  await expect(page.getByText("未联原因必须填写").first()).toBeVisible();
  await page.getByTestId("field-note").fill("两次拨打均为忙音");
  await page.reload();
  await expect(page.getByTestId("field-note")).toHaveValue("两次拨打均为忙音");
  await expect.poll(async () => (await stack.feedback(complaint.orderNo)).map((f) => f.action)).toEqual(["签收"]);
});

test("looking at the caller is confirmed first and leaves a trace", async ({ page, stack }) => {
  const complaint = order({ areaCode: "310105", address: "长宁区样例路7号" });
  await stack.pushOrder("12345", complaint);
  await signIn(page, stack, "hotline", "h-310105-1");
  await rowOf(page, complaint).click();
  await page.getByTestId("caller-reveal").click();
  await page.getByRole("button", { name: "查看并记录" }).click();
  await expect(page.getByText("19900001234")).toBeVisible();
  await expect(page.getByText("查看来电人信息", { exact: true }).first()).toBeVisible();
});
