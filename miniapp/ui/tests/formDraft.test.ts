import { effectScope, nextTick, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContactForm, DraftParams, FormReport, MethodName, OrderDetail, Waist } from "@core";
import { useFormDraft, type FormDraft, type FormShape } from "@ui/state/formDraft";

const EMPTY: ContactForm = { reached: null, contacted_at: null, contact_person: "", unreached_reason: null, note: "" };
const shape: FormShape<"contact"> = {
  kind: "contact",
  empty: () => ({ ...EMPTY }),
  shown: (form) => ({ ...form, unreached_reason: form.reached === false ? form.unreached_reason : null }),
  choices: (form) => ({ ...form, note: "" }),
};

/** A core that remembers what it was told to keep. */
class Core {
  kept: ContactForm[] = [];
  broken = false;
  drafts: OrderDetail["drafts"] = [];

  readonly waist = {
    call: async (method: MethodName, params: unknown): Promise<unknown> => {
      if (method === "orders.get") return { drafts: this.drafts, now: 1_000 };
      if (method === "form.check") return { issues: this.check(params as DraftParams) };
      if (method === "draft.save") {
        if (this.broken) throw { code: "store_failed" };
        this.kept.push(structuredClone((params as DraftParams).draft.form as ContactForm));
        return { saved_at: 2_000 };
      }
      return {};
    },
  } as unknown as Waist;

  private check({ draft }: DraftParams): FormReport["issues"] {
    const form = draft.form as ContactForm;
    if (form.reached === null) return [{ field: "reached", code: "required" }];
    return form.note === "" ? [{ field: "note", code: "required" }] : [];
  }
}

describe("a form being filled in", () => {
  let scope: EffectScope;
  let core: Core;
  let draft: FormDraft<"contact">;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("document", new EventTarget());
    vi.stubGlobal("window", new EventTarget());
    // The hook of the component is not there outside of one; leaving is tested through `flush`.
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    scope = effectScope();
    core = new Core();
    draft = scope.run(() => useFormDraft(core.waist, "12345-1", shape))!;
  });
  afterEach(() => {
    scope.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it("is kept within 300 ms of a change, and not before anything was typed", async () => {
    await draft.load();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(core.kept).toHaveLength(0);
    draft.form.note = "已约定上门时间";
    await nextTick();
    await vi.advanceTimersByTimeAsync(300);
    expect(core.kept.at(-1)?.note).toBe("已约定上门时间");
    expect(draft.saveState.value).toBe("saved");
    expect(draft.savedAt.value).toBe(2_000);
  });

  it("is kept at the same pace while somebody types without a pause", async () => {
    await draft.load();
    for (const text of ["一", "一二", "一二三", "一二三四"]) {
      draft.form.note = text;
      await nextTick();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(core.kept.length).toBeGreaterThan(0);
  });

  it("is kept at once when the page is hidden", async () => {
    await draft.load();
    draft.form.note = "接电话";
    await nextTick();
    document.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect(core.kept.at(-1)?.note).toBe("接电话");
  });

  it("says so when it could not be kept, and tries again with the next change", async () => {
    await draft.load();
    core.broken = true;
    draft.form.note = "一";
    await nextTick();
    await draft.flush();
    expect(draft.saveState.value).toBe("failed");
    core.broken = false;
    await draft.flush();
    expect(core.kept.at(-1)?.note).toBe("一");
  });

  it("starts from the draft that was kept", async () => {
    core.drafts = [{ draft: { kind: "contact", form: { ...EMPTY, note: "昨天写的" } }, saved_at: 1_500 }];
    await draft.load();
    expect(draft.form.note).toBe("昨天写的");
    expect(draft.restored.value).toBe(true);
  });

  it("leaves out answers to questions that are not asked", async () => {
    await draft.load();
    draft.form.unreached_reason = "no_answer";
    draft.form.reached = true;
    expect(draft.toSubmit().unreached_reason).toBeNull();
  });

  it("learns from the core what is required, also once it is answered", async () => {
    await draft.load();
    expect(draft.required.value).toEqual(new Set(["reached"]));
    draft.form.reached = true;
    draft.form.note = "有";
    await nextTick();
    await vi.advanceTimersByTimeAsync(0);
    expect(draft.issues.value).toEqual([]);
    expect(draft.required.value).toEqual(new Set(["reached", "note"]));
  });

  it("is not kept any more once it was submitted", async () => {
    await draft.load();
    draft.form.note = "一";
    await nextTick();
    draft.close();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(core.kept).toHaveLength(0);
  });
});
