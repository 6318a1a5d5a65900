// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import RecordListPage from "../../../cases/src/pages/RecordListPage.vue";
import OutboxPage from "../../../cases/src/pages/OutboxPage.vue";
import { actItem, FakeCore, KIND, NOW } from "./fakeCore";
import { mount, settled, type Mounted } from "./mounted";

let shown: Mounted;
let core: FakeCore;
beforeEach(() => {
  localStorage.clear();
  core = new FakeCore();
  // The page stands outside of a router's view here and is never left.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});
afterEach(() => {
  shown.unmount();
  vi.restoreAllMocks();
});

describe("the page of a list", () => {
  it("shows its records, tabs with counts, and what can be opened; one list leaves nothing to choose", async () => {
    shown = await mount(core, RecordListPage);
    expect(shown.parts("record-row")).toHaveLength(8);
    expect(shown.part("tab-open").dataset["count"]).toBe("8");
    expect(shown.part("tab-late").classList.contains("hot")).toBe(true);
    expect(shown.part("open-record").textContent).toContain("登记路灯");
    expect(shown.parts("list-chooser")).toHaveLength(0);
    expect(document.querySelector("h1")?.textContent).toBe("我的路灯");
  });

  it("turns to another tab", async () => {
    shown = await mount(core, RecordListPage);
    await shown.press("tab-late");
    expect(shown.part("record-list").dataset["tab"]).toBe("late");
    expect(shown.parts("record-row")).toHaveLength(1);
  });

  it("lets somebody with more than one list choose, and shows why a pack cannot be used", async () => {
    const [lamp] = core.packs;
    core.packs.push({ ...lamp!, id: "bench", title: "座椅", missing: "pack_missing", lists: [], opens: [] });
    shown = await mount(core, RecordListPage);
    await shown.press("list-chooser");
    expect(shown.text()).toContain("本机还没有这项业务的资料");
  });

  it("says that there is nothing to work on, or that it is still on its way", async () => {
    core.packs = [];
    shown = await mount(core, RecordListPage);
    expect(shown.part("no-lists").textContent).toContain("没有可办理的业务");
    const away = { id: "lamp", title: "路灯", missing: "pack_missing" as const, trial: false, lists: [], opens: [] };
    core.packs = [away];
    core.tell("orders");
    await settled();
    expect(shown.part("no-lists").textContent).toContain("正在接收业务资料");
  });

  it("says that a list is empty", async () => {
    core.rows = [];
    shown = await mount(core, RecordListPage);
    expect(shown.part("empty").textContent).toContain("这里没有记录");
  });

  it("says what went wrong, and tries again when asked to", async () => {
    core.broken.set("records.list", "store_failed");
    shown = await mount(core, RecordListPage);
    expect(shown.part("error-state").dataset["code"]).toBe("store_failed");
    core.broken.clear();
    shown.part("error-state").querySelector("button")?.click();
    await settled();
    expect(shown.parts("record-row")).toHaveLength(8);
  });
});

describe("the outbox", () => {
  it("shows the person's own words with each act, and the way to its record where that is here", async () => {
    core.acts = [actItem(), actItem({ cmd_id: "c-2", record_title: null, reason: "reassigned", mendable: false })];
    shown = await mount(core, OutboxPage);
    const [here, left] = shown.parts("outbox-item");
    expect(here?.textContent).toContain("检查情况：灯头损坏，已断电");
    expect(here?.querySelector("a")?.getAttribute("href")).toBe("/record/lamp.fault/lamp-1");
    expect(left?.querySelector("a")).toBeNull();
    expect(left?.textContent).toContain("已不在您名下");
    expect(left?.querySelector('[data-testid="outbox-retry"]'), "what left is not tried again").toBeNull();
  });

  it("takes a parked act back into its form", async () => {
    core.acts = [actItem()];
    shown = await mount(core, OutboxPage);
    await shown.press("outbox-mend");
    expect(core.asked("records.mend")).toEqual([{ cmd_id: "c-1", replace_draft: false }]);
    expect(shown.router.currentRoute.value.fullPath).toBe("/act/lamp.fault/inspect/fitter/lamp-1?mend=");
  });

  it("has nothing to mend where nothing was filled in", async () => {
    core.acts = [actItem({ answers: [] })];
    shown = await mount(core, OutboxPage);
    expect(shown.parts("outbox-mend")).toHaveLength(0);
  });

  it("signs a parked act anew", async () => {
    core.acts = [actItem()];
    shown = await mount(core, OutboxPage);
    await shown.press("outbox-retry");
    expect(core.asked("outbox.retry")).toEqual([{ cmd_id: "c-1" }]);
  });

  it("keeps what was typed for records that left in sight", async () => {
    core.left = [{ params: { key: { kind: KIND, id: "lamp-7", act: "inspect", role: "fitter" }, answers: { finding: "写到一半" } }, saved_at: NOW }];
    shown = await mount(core, OutboxPage);
    expect(shown.part("left-act").textContent).toContain("写到一半");
  });
});
