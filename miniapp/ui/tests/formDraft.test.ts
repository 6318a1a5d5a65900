import { effectScope, nextTick, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ContactForm, DraftParams, FormReport, MethodName, OrderDetail, Waist } from "@core";
import { forgetLeftOvers } from "@ui/state/leftOver";
import { useFormDraft, type FormDraft, type FormShape } from "@ui/state/formDraft";

const EMPTY: ContactForm = { reached: null, contacted_at: null, contact_person: "", unreached_reason: null, note: "" };
const shape: FormShape<"contact"> = {
  kind: "contact",
  empty: () => ({ ...EMPTY }),
};

/** A core that remembers what it was told to keep. */
class Core {
  kept: ContactForm[] = [];
  broken = "";
  drafts: OrderDetail["drafts"] = [];
  user = "h-1";
  /** The order was given to somebody else. */
  left = false;

  /** The order changed. */
  tell: () => void = () => undefined;

  readonly waist = {
    subscribe: (_topics: unknown, watcher: () => void) => {
      this.tell = watcher;
      return () => undefined;
    },
    call: async (method: MethodName, params: unknown): Promise<unknown> => {
      if (method === "orders.get") {
        if (this.left) throw { code: "not_found" };
        return { drafts: this.drafts, now: 1_000 };
      }
      if (method === "outbox.list") {
        const left = this.left ? this.drafts : [];
        return { items: [], left_drafts: left.map((kept) => ({ order_id: "12345-1", kind: "contact", ...kept })) };
      }
      if (method === "session.status") return { user: { id: this.user } };
      if (method === "form.check") return this.check(params as DraftParams);
      if (method === "draft.save") {
        if (this.broken !== "") throw { code: this.broken };
        const { draft } = structuredClone(params as DraftParams);
        this.kept.push(draft.form as ContactForm);
        this.drafts = [{ draft, saved_at: 2_000 }];
        return { saved_at: 2_000 };
      }
      return {};
    },
  } as unknown as Waist;

  /** What another tab of the same browser keeps. */
  keepElsewhere(changes: Partial<ContactForm>): void {
    const form = { ...EMPTY, ...(this.drafts[0]?.draft.form as ContactForm | undefined), ...changes };
    this.drafts = [{ draft: { kind: "contact", form }, saved_at: 1_800 }];
  }

  /** How often the form was checked. */
  checks = 0;

  private check({ draft }: DraftParams): FormReport {
    this.checks += 1;
    const form = draft.form as ContactForm;
    const relevant = ["reached", "contact_person", "note"];
    if (form.reached === false) relevant.push("unreached_reason");
    const required = form.reached === null ? ["reached"] : ["reached", "note"];
    const empty = (field: string) => !form[field as keyof ContactForm] && form[field as keyof ContactForm] !== false;
    return {
      issues: required.filter(empty).map((field) => ({ field, code: "required" })),
      required,
      relevant,
      offered: { text_chars: 500 } as FormReport["offered"],
    };
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
    forgetLeftOvers();
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
    core.kept = [];
    window.dispatchEvent(new Event("pagehide"));
    // Before anything else is asked: the page may be gone by the answer.
    expect(core.kept.map((form) => form.note)).toEqual(["接电话"]);
    await vi.advanceTimersByTimeAsync(0);
    draft.form.note = "接电话，约周三";
    await nextTick();
    document.dispatchEvent(new Event("visibilitychange"));
    draft.form.note = "接电话，改周四";
    await nextTick();
    await vi.advanceTimersByTimeAsync(300);
    expect(core.kept.at(-1)?.note).toBe("接电话，改周四");
    expect(draft.displaced.value, "nobody else wrote").toEqual([]);
  });

  it("says so when it could not be kept, and tries again by itself until it can", async () => {
    await draft.load();
    core.broken = "storage_full";
    draft.form.note = "一";
    await nextTick();
    await draft.flush();
    expect(draft.saveState.value).toBe("failed");
    expect(draft.saveError.value).toBe("storage_full");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(draft.saveState.value).toBe("failed");
    core.broken = "";
    await vi.advanceTimersByTimeAsync(2_000);
    expect(core.kept.at(-1)?.note).toBe("一");
    expect(draft.saveState.value).toBe("saved");
  });

  it("starts from the draft that was kept", async () => {
    core.drafts = [{ draft: { kind: "contact", form: { ...EMPTY, note: "昨天写的" } }, saved_at: 1_500 }];
    await draft.load();
    expect(draft.form.note).toBe("昨天写的");
    expect(draft.restored.value).toBe(true);
  });

  it("leaves out answers to questions that are not asked", async () => {
    await draft.load();
    draft.form.reached = false;
    draft.form.unreached_reason = "no_answer";
    await nextTick();
    await draft.flush();
    expect(core.kept.at(-1)?.unreached_reason).toBe("no_answer");
    draft.form.reached = true;
    await nextTick();
    await draft.flush();
    expect(draft.toSubmit().unreached_reason).toBeNull();
    expect(core.kept.at(-1)?.unreached_reason).toBeNull();
    draft.form.reached = false;
    await nextTick();
    await draft.flush();
    expect(draft.toSubmit().unreached_reason, "as it was").toBe("no_answer");
  });

  it("is checked once for each change", async () => {
    await draft.load();
    const before = core.checks;
    draft.form.note = "约周三";
    await nextTick();
    await vi.advanceTimersByTimeAsync(300);
    expect(core.kept).toHaveLength(1);
    expect(core.checks - before).toBe(1);
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

  describe("that could not be kept before the page had to go", () => {
    const again = () => scope.run(() => useFormDraft(core.waist, "12345-1", shape))!;

    async function leaveUnkept(): Promise<void> {
      await draft.load();
      core.broken = "locked";
      draft.form.note = "写到一半";
      await nextTick();
      await draft.flush();
    }

    it("is there when the same person opens the form again, and is kept then", async () => {
      await leaveUnkept();
      core.broken = "";
      const next = again();
      await next.load();
      expect(next.form.note).toBe("写到一半");
      await vi.advanceTimersByTimeAsync(0);
      expect(core.kept.at(-1)?.note).toBe("写到一半");
      const third = again();
      core.drafts = [];
      await third.load();
      expect(third.form.note).toBe("");
    });

    it("is nobody else's", async () => {
      await leaveUnkept();
      core.user = "h-2";
      const next = again();
      await next.load();
      expect(next.form.note).toBe("");
    });

    it("is gone once its author signed out", async () => {
      await leaveUnkept();
      forgetLeftOvers();
      const next = again();
      await next.load();
      expect(next.form.note).toBe("");
    });
  });

  describe("of an order that is given to somebody else", () => {
    it("goes on being kept, and is not to be submitted", async () => {
      await draft.load();
      draft.form.note = "约周三";
      await nextTick();
      await draft.flush();
      core.left = true;
      draft.form.note = "约周三上午";
      await nextTick();
      await draft.flush();
      expect(draft.left.value).toBe(true);
      expect(core.kept.at(-1)?.note).toBe("约周三上午");
      expect(draft.saveState.value).toBe("saved");
    });

    it("is there to be read when it is opened afterwards", async () => {
      core.drafts = [{ draft: { kind: "contact", form: { ...EMPTY, note: "昨天写的" } }, saved_at: 1_500 }];
      core.left = true;
      await draft.load();
      expect(draft.form.note).toBe("昨天写的");
      expect([draft.left.value, draft.error.value]).toEqual([true, null]);
    });

    it("keeps what the core will not take in the page, and does not ask for ever", async () => {
      await draft.load();
      core.left = true;
      core.broken = "not_found";
      draft.form.note = "写到一半";
      await nextTick();
      await draft.flush();
      expect(draft.saveState.value).toBe("failed");
      expect(vi.getTimerCount()).toBe(0);
      core.broken = "";
      const again = scope.run(() => useFormDraft(core.waist, "12345-1", shape))!;
      await again.load();
      expect(again.form.note).toBe("写到一半");
      expect(again.left.value).toBe(true);
    });

    it("shows it as soon as the order goes, whatever the person does", async () => {
      await draft.load();
      core.left = true;
      core.tell();
      await vi.advanceTimersByTimeAsync(0);
      expect(draft.left.value).toBe(true);
    });

    it("is an ordinary one again when the order comes back", async () => {
      await draft.load();
      core.left = true;
      draft.form.note = "约周三";
      await nextTick();
      await draft.flush();
      core.left = false;
      await draft.catchUp();
      expect(draft.left.value).toBe(false);
    });
  });

  describe("in two tabs", () => {
    it("keeps the answers of both", async () => {
      await draft.load();
      core.keepElsewhere({ contact_person: "赵女士" });
      draft.form.note = "约周三";
      await nextTick();
      await draft.flush();
      expect(core.kept.at(-1)).toMatchObject({ contact_person: "赵女士", note: "约周三" });
      expect(draft.form.contact_person).toBe("赵女士");
      expect(draft.displaced.value).toEqual([]);
    });

    it("shows the other's text where both wrote in one field, and drops it only when told to", async () => {
      await draft.load();
      core.keepElsewhere({ note: "那边写的" });
      draft.form.note = "这边写的";
      await nextTick();
      await draft.flush();
      expect(draft.form.note).toBe("这边写的");
      expect(draft.displaced.value).toEqual([{ field: "note", value: "那边写的", from: "there" }]);

      draft.settle(draft.displaced.value[0]!, "behind");
      await nextTick();
      await draft.flush();
      expect(core.kept.at(-1)?.note).toBe("这边写的\n那边写的");
      expect(draft.displaced.value).toEqual([]);
    });

    it("shows what was written here when another tab wrote over it", async () => {
      await draft.load();
      draft.form.note = "这边先写的";
      await nextTick();
      await draft.flush();
      core.keepElsewhere({ note: "那边后写的" });
      expect(await draft.catchUp()).toBe(true);
      expect(draft.form.note).toBe("那边后写的");
      expect(draft.displaced.value).toEqual([{ field: "note", value: "这边先写的", from: "here" }]);
    });

    it("has nothing to say where the other tab went on with the same text", async () => {
      await draft.load();
      draft.form.note = "约周三";
      await nextTick();
      await draft.flush();
      core.keepElsewhere({ note: "约周三上午" });
      await draft.catchUp();
      expect(draft.form.note).toBe("约周三上午");
      expect(draft.displaced.value).toEqual([]);
    });

    it("says that it was submitted or discarded there, and loses nothing of what is typed here", async () => {
      await draft.load();
      draft.form.note = "约周三";
      await nextTick();
      await draft.flush();
      core.drafts = [];
      await draft.catchUp();
      expect(draft.gone.value).toBe(true);
      expect(draft.form.note).toBe("约周三");
    });

    it("is brought together when its window comes to the front", async () => {
      await draft.load();
      core.keepElsewhere({ contact_person: "赵女士" });
      Object.assign(document, { visibilityState: "visible" });
      window.dispatchEvent(new Event("focus"));
      await vi.advanceTimersByTimeAsync(0);
      expect(draft.form.contact_person).toBe("赵女士");
    });
  });
});
