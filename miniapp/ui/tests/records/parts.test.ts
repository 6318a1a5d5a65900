// @vitest-environment happy-dom

import { afterEach, describe, expect, it } from "vitest";
import ActBar from "@ui/parts/records/ActBar.vue";
import ActForm from "@ui/parts/records/ActForm.vue";
import LeftActs from "@ui/parts/records/LeftActs.vue";
import ListChooser from "@ui/parts/records/ListChooser.vue";
import OpenActs from "@ui/parts/records/OpenActs.vue";
import RecordRow from "@ui/parts/records/RecordRow.vue";
import RecordView from "@ui/parts/records/RecordView.vue";
import { toast } from "@ui/state/toast";
import { actItem, detail, FakeCore, KIND, NOW, row } from "./fakeCore";
import { mount, settled, type Mounted } from "./mounted";

let shown: Mounted;
afterEach(() => shown.unmount());

const RECORD = { kind: KIND, id: "lamp-1" };
const ACT = { ...RECORD, act: "inspect", role: "fitter" };

/** Answer the question on the screen. */
async function answer(words: string): Promise<void> {
  const buttons = Array.from(document.querySelectorAll<HTMLElement>(".van-dialog button"));
  buttons.find((button) => button.textContent?.includes(words))?.click();
  await settled();
}

describe("a row", () => {
  it("shows title, state, lines, tags, its colour in a word, what is due and what waits here", async () => {
    const one = row(1, { colour: "red", pending: 2, parked: true, has_draft: true });
    shown = await mount(new FakeCore(), RecordRow, { row: one, chosen: false });
    const words = shown.text();
    for (const word of ["样例路1号路灯不亮", "维修中", "样例路1号门前", "一般", "红色", "修复 超期", "待发送 2", "需处理", "草稿"]) {
      expect(words).toContain(word);
    }
    expect(shown.part("record-row").classList.contains("red")).toBe(true);
  });

  it("of a pack that is not here says why", async () => {
    shown = await mount(new FakeCore(), RecordRow, { row: row(1, { missing: "pack_missing" }), chosen: false });
    expect(shown.part("row-missing").textContent).toContain("本机还没有这项业务的资料");
  });
});

describe("a record", () => {
  it("shows every section its pack names, seats and dues", async () => {
    shown = await mount(new FakeCore(), RecordView, { record: RECORD });
    const words = shown.text();
    for (const word of ["维修人", "回访", "报修内容", "更换部件", "LED-60W", "检查", "采购申请", "北纬 31.23160", "lamp.jpg", "更早的 4 条"]) {
      expect(words).toContain(word);
    }
    const steps = Array.from(shown.part("timeline").querySelectorAll("li .what"), (step) => step.textContent?.trim());
    expect(steps.map((step) => step?.split(" ")[0]), "newest first").toEqual(["接单", "检查", "登记"]);
  });

  it("leads to a linked record only where that is on the device", async () => {
    shown = await mount(new FakeCore(), RecordView, { record: RECORD });
    const links = shown.parts("record-link");
    expect(links.map((link) => link.querySelector("a") !== null)).toEqual([true, false]);
    expect(links[0]?.querySelector("a")?.getAttribute("href")).toBe("/record/lamp.order/order-7");
  });

  it("that is not here says so, and that it left where it was here before", async () => {
    const core = new FakeCore();
    core.record = null;
    shown = await mount(core, RecordView, { record: RECORD });
    shown.part("record-unknown");
    core.record = detail();
    core.tell("orders");
    await settled();
    core.record = null;
    core.tell("orders");
    await settled();
    shown.part("record-left");
    expect(shown.parts("act-bar")).toHaveLength(0);
  });

  it("whose act is parked points to the outbox", async () => {
    const core = new FakeCore();
    core.record = detail({ outbox: [actItem()] });
    shown = await mount(core, RecordView, { record: RECORD });
    expect(shown.part("record-parked").getAttribute("href")).toBe("/outbox");
  });

  it("does an act without a form once the person said yes, and says that it is signed", async () => {
    const core = new FakeCore();
    shown = await mount(core, RecordView, { record: RECORD });
    await shown.press("acts-more");
    await shown.press("act-take");
    expect(core.asked("records.act")).toEqual([]);
    await answer("确认并签名");
    expect(core.asked("records.act")).toEqual([{ key: { ...RECORD, act: "take", role: "fitter" }, answers: {} }]);
    expect(toast.value).toContain("已签名");
  });

  it("shows what is masked once the person agreed that it is recorded, until it is hidden again", async () => {
    const core = new FakeCore();
    const [first] = detail().acts;
    core.record = detail({ acts: [{ ...first!, key: { ...RECORD, act: "reveal", role: "fitter" }, form: null }] });
    shown = await mount(core, RecordView, { record: RECORD });
    expect(shown.parts("act-primary"), "never what comes next").toHaveLength(0);
    await shown.press("acts-more");
    await shown.press("act-reveal");
    expect(shown.text()).toContain("查看将被记录");
    await answer("查看并记录");
    expect(shown.part("fact-reporter").textContent).toContain("王小明");
    core.tell("orders");
    await settled();
    expect(shown.part("fact-reporter").textContent, "a change of the record hides nothing").toContain("王小明");
    await shown.press("record-hide");
    expect(shown.part("fact-reporter").textContent).toContain("王*");
    expect(core.asked("records.act"), "looked at once").toHaveLength(1);
  });

  it("opens the form of an act that has one", async () => {
    shown = await mount(new FakeCore(), RecordView, { record: RECORD });
    await shown.press("act-primary");
    expect(shown.router.currentRoute.value.fullPath).toBe("/act/lamp.fault/inspect/fitter/lamp-1");
  });
});

describe("the bar of acts", () => {
  it("has the first act at hand, and the others behind a button, the closed ones with the reason", async () => {
    shown = await mount(new FakeCore(), ActBar, { acts: detail().acts, busy: false });
    expect(shown.part("act-primary").textContent).toContain("检查");
    await shown.press("acts-more");
    const closed = shown.part("act-repair") as HTMLButtonElement;
    expect(closed.disabled).toBe(true);
    expect(closed.textContent).toContain("费用超过五千元须另行报批");
    expect(shown.part("act-close").textContent).toContain("当前状态不能办理");
    expect((shown.part("act-take") as HTMLButtonElement).disabled).toBe(false);
  });

  it("is not there without acts, and has no act at hand where all are closed", async () => {
    shown = await mount(new FakeCore(), ActBar, { acts: [], busy: false });
    expect(shown.parts("act-bar")).toHaveLength(0);
    shown.unmount();
    shown = await mount(new FakeCore(), ActBar, { acts: detail().acts.filter((act) => !act.enabled), busy: false });
    expect(shown.parts("act-primary")).toHaveLength(0);
    shown.part("acts-more");
  });
});

describe("the form of an act", () => {
  it("has a control for every type of question", async () => {
    shown = await mount(new FakeCore(), ActForm, { act: ACT });
    expect(shown.part("field-finding").tagName).toBe("TEXTAREA");
    expect(shown.part("field-level").getAttribute("role")).toBe("radiogroup");
    expect(shown.part("field-kinds").querySelectorAll('input[type="checkbox"]')).toHaveLength(3);
    expect(shown.part("field-street").getAttribute("aria-haspopup"), "too many to stand side by side").toBe("dialog");
    expect(shown.part("field-poles").getAttribute("inputmode")).toBe("numeric");
    expect(shown.part("field-height").getAttribute("inputmode")).toBe("decimal");
    expect(shown.part("field-safe").textContent).toContain("是");
    for (const testid of ["field-seen_on-today", "field-seen_at-now", "field-place-here", "field-photo", "field-parts"]) {
      shown.part(testid);
    }
    expect(shown.part("field-phone").tagName).toBe("INPUT");
    expect(shown.text(), "what it is about").toContain("样例路1号路灯不亮");
  });

  it("says what is wrong where it is wrong once somebody tried to submit, and submits nothing", async () => {
    const core = new FakeCore();
    shown = await mount(core, ActForm, { act: ACT });
    expect(shown.parts("issue-finding")).toHaveLength(0);
    await shown.press("form-submit");
    expect(shown.part("issue-finding").textContent).toBe("检查情况必须填写");
    expect(shown.part("issue-level").textContent).toBe("等级必须填写");
    expect(shown.part("issues").textContent).toContain("还有 2 处需要修改");
    expect(shown.router.currentRoute.value.name).toBe("me");
  });

  it("submits the answers in their spelling and goes to the record", async () => {
    const core = new FakeCore();
    shown = await mount(core, ActForm, { act: ACT });
    await shown.type("field-finding", "灯头损坏");
    await shown.press("choice-level-high");
    await shown.press("choice-kinds-loose");
    await shown.press("choice-kinds-dark");
    await shown.type("field-height", "１２．５");
    await shown.press("choice-safe-false");
    await shown.type("field-place", "31.2316，121.4844");
    await shown.press("field-parts");
    await shown.type("field-parts/1/part", "灯头");
    await shown.type("field-parts/1/count", "2");
    await shown.press("form-submit");
    expect(core.asked("records.act").at(-1)).toEqual({
      key: ACT,
      answers: {
        finding: "灯头损坏",
        level: "high",
        kinds: ["dark", "loose"],
        height: "12.5",
        safe: false,
        place: "31.2316 121.4844",
        parts: [{ part: "灯头", count: "2" }],
      },
    });
    expect(shown.router.currentRoute.value.fullPath).toBe("/record/lamp.fault/lamp-1");
  });

  it("takes a choice back where nothing need be chosen, and keeps it where something must", async () => {
    const core = new FakeCore();
    shown = await mount(core, ActForm, { act: ACT });
    const on = (testid: string) => (shown.part(testid) as HTMLInputElement).checked;
    await shown.press("choice-safe-true");
    expect(on("choice-safe-true")).toBe(true);
    await shown.press("choice-safe-true");
    expect(on("choice-safe-true")).toBe(false);
    await shown.press("choice-level-low");
    await shown.press("choice-level-low");
    expect(on("choice-level-low")).toBe(true);
  });

  it("asks before a row with answers goes, and not before an empty one", async () => {
    const core = new FakeCore();
    shown = await mount(core, ActForm, { act: ACT });
    await shown.press("field-parts");
    await shown.press("remove-parts");
    expect(shown.parts("row-parts")).toHaveLength(0);
    await shown.press("field-parts");
    await shown.type("field-parts/1/part", "灯罩");
    await shown.press("remove-parts");
    expect(shown.parts("row-parts"), "asked first").toHaveLength(1);
    await answer("删除");
    expect(shown.parts("row-parts")).toHaveLength(0);
  });

  it("shows a refusal in the pack's words", async () => {
    const core = new FakeCore();
    core.refused = "费用超过五千元须另行报批";
    core.fields = core.fields.filter((one) => !one.required);
    shown = await mount(core, ActForm, { act: ACT });
    expect(shown.part("act-refused").textContent).toContain("费用超过五千元须另行报批");
    await shown.press("form-submit");
    expect(shown.part("submit-error").textContent).toContain("费用超过五千元须另行报批");
  });

  it("is closed where the record does not allow the act any more, and shows what was typed", async () => {
    const core = new FakeCore();
    core.kept.set("inspect", { answers: { finding: "灯头损坏" }, saved_at: NOW });
    core.record = detail({ acts: [] });
    shown = await mount(core, ActForm, { act: ACT });
    shown.part("form-closed");
    expect(shown.part("form-typed").textContent).toBe("检查情况：灯头损坏");
  });
});

describe("新建", () => {
  const key = (act: string) => ({ kind: KIND, act, role: "fitter" });

  it("is the act itself where there is one, and a choice where there are more", async () => {
    const one = { key: key("note"), title: "登记路灯", has_draft: false };
    shown = await mount(new FakeCore(), OpenActs, { acts: [one] });
    await shown.press("open-record");
    expect(shown.router.currentRoute.value.fullPath).toBe("/act/lamp.fault/note/fitter");
    shown.unmount();
    const other = { key: key("import"), title: "批量登记", has_draft: true };
    shown = await mount(new FakeCore(), OpenActs, { acts: [one, other] });
    await shown.press("open-record");
    expect(shown.part("open-import").textContent).toContain("草稿");
    await shown.press("open-import");
    expect(shown.router.currentRoute.value.fullPath).toBe("/act/lamp.fault/import/fitter");
  });
});

describe("the chooser of lists", () => {
  it("shows the lists by pack, and why a pack cannot be used", async () => {
    const core = new FakeCore();
    const [lamp] = core.packs;
    const away = { ...lamp!, id: "bench", title: "座椅", missing: "unsupported_version", lists: [] };
    const chosen = { pack: lamp, list: lamp!.lists[0] };
    shown = await mount(core, ListChooser, { packs: [lamp, away], chosen });
    await shown.press("list-chooser");
    shown.part("list-lamp-mine");
    expect(shown.text()).toContain("页面版本过旧");
  });
});

describe("drafts of records that left", () => {
  it("can be read and are let go only when the person says so", async () => {
    const core = new FakeCore();
    const drafts = [{ params: { key: ACT, answers: { finding: "灯头损坏" } }, saved_at: NOW }];
    shown = await mount(core, LeftActs, { drafts });
    expect(shown.part("left-act").textContent).toContain("灯头损坏");
    await shown.press("left-discard");
    expect(core.asked("records.discard")).toEqual([]);
    await answer("丢弃");
    expect(core.asked("records.discard")).toEqual([ACT]);
  });
});
