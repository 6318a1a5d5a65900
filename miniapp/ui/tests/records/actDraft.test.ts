import { effectScope, nextTick, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetLeftOvers } from "@ui/state/leftOver";
import { useActDraft, type ActDraftState } from "@ui/state/records/actDraft";
import { FakeCore, KIND, NOW } from "./fakeCore";

const KEY = { kind: KIND, id: "lamp-1", act: "inspect", role: "fitter" };

describe("the draft of an act", () => {
  let scope: EffectScope;
  let core: FakeCore;
  let draft: ActDraftState;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", new EventTarget());
    vi.stubGlobal("window", new EventTarget());
    // The hook of the component is not there outside of one.
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    scope = effectScope();
    core = new FakeCore();
    draft = scope.run(() => useActDraft(core.waist, KEY))!;
  });
  afterEach(() => {
    scope.stop();
    forgetLeftOvers();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const pause = () => vi.advanceTimersByTimeAsync(300);
  const typed = async (answers: Record<string, unknown>) => {
    Object.assign(draft.form, answers);
    await nextTick();
    await pause();
  };

  it("is kept after a change, and only what was answered", async () => {
    await draft.load();
    await pause();
    expect(core.asked("records.save")).toEqual([]);
    await typed({ finding: "灯头损坏" });
    expect(core.asked("records.save").at(-1)).toEqual({ key: KEY, answers: { finding: "灯头损坏" } });
    expect(draft.saveState.value).toBe("saved");
    expect(draft.savedAt.value).toBe(NOW);
  });

  it("comes back with lists and rows as they were kept", async () => {
    core.kept.set("inspect", { answers: { kinds: ["dark"], parts: [{ part: "灯头", count: "2" }] }, saved_at: 7 });
    await draft.load();
    expect(draft.form["parts"]).toEqual([{ part: "灯头", count: "2" }]);
    expect(draft.restored.value).toBe(true);
    await pause();
    expect(core.asked("records.save"), "reading it is no change").toEqual([]);
    await typed({ parts: [{ part: "灯头", count: "3" }] });
    expect(core.kept.get("inspect")?.answers).toEqual({ kinds: ["dark"], parts: [{ part: "灯头", count: "3" }] });
  });

  it("takes over what another tab answered elsewhere in the form", async () => {
    await draft.load();
    await typed({ finding: "本页写的" });
    core.kept.set("inspect", { answers: { finding: "本页写的", kinds: ["bent"] }, saved_at: NOW + 1 });
    await typed({ level: "low" });
    expect(draft.form["kinds"]).toEqual(["bent"]);
    expect(draft.displaced.value).toEqual([]);
    expect(core.kept.get("inspect")?.answers).toEqual({ finding: "本页写的", kinds: ["bent"], level: "low" });
  });

  it("asks the person where two tabs chose differently", async () => {
    await draft.load();
    await typed({ kinds: ["dark"] });
    core.kept.set("inspect", { answers: { kinds: ["bent"] }, saved_at: NOW + 1 });
    await typed({ kinds: ["loose"] });
    expect(draft.form["kinds"]).toEqual(["loose"]);
    expect(draft.displaced.value).toEqual([{ field: "kinds", value: ["bent"], from: "there" }]);
    draft.settle(draft.displaced.value[0]!, "instead");
    expect(draft.form["kinds"]).toEqual(["bent"]);
  });

  it("says what the core finds, by the path of the answer, and what the rows have to answer", async () => {
    await draft.load();
    await typed({ finding: "灯头损坏", level: "low", parts: [{ part: "灯头" }] });
    expect(draft.issues.value).toEqual([{ field: "parts/1/count", code: "required" }]);
    expect([...draft.required.value]).toEqual(["finding", "level", "parts/1/part", "parts/1/count"]);
  });

  it("says why the act would be refused, in the pack's words", async () => {
    core.refused = "费用超过五千元须另行报批";
    await draft.load();
    expect(draft.refused.value).toBe("费用超过五千元须另行报批");
  });

  it("stays readable when the record leaves while it is filled in", async () => {
    await draft.load();
    await typed({ finding: "写到一半" });
    core.record = null;
    core.tell("orders");
    await pause();
    expect(draft.left.value).toBe(true);
    expect(draft.toSubmit()).toEqual({ finding: "写到一半" });
    expect(draft.about.value?.view.fields.length).toBeGreaterThan(0);
  });

  it("is not there for a record that is not", async () => {
    core.record = null;
    await draft.load();
    expect(draft.error.value).toBe("not_found");
  });

  it("of an act that opens a record asks for no record", async () => {
    const opening = { kind: KIND, act: "note", role: "fitter" };
    const fresh = scope.run(() => useActDraft(core.waist, opening))!;
    await fresh.load();
    expect(fresh.about.value?.record).toBeNull();
    expect(core.asked("records.get")).toEqual([]);
    fresh.form["finding"] = "新报修";
    await nextTick();
    await pause();
    expect(core.asked("records.save").at(-1)).toEqual({ key: opening, answers: { finding: "新报修" } });
  });
});
