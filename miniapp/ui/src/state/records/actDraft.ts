// The draft of one act: its form and what is kept of it, whether the record is there or the act opens it.
// Not here: keeping it after every change and bringing tabs together (`draft.ts`). Used by the form of an act.

import { shallowRef, type ComputedRef, type ShallowRef } from "vue";
import type { ActKey, ActReport, FormView, RecordDetail, Waist } from "@core";
import { setServerNow } from "../clock";
import { useDraft, type DraftState, type Opened } from "../draft";
import type { Answers } from "../draftMerge";
import { codeOf } from "../failure";
import { formOf, given, requiredColumns } from "./answers";
import { RECORD_TOPICS, textOf } from "./places";

/** A form with the record it is for. */
export interface ActAbout {
  view: FormView;
  /** `null` for an act that opens one. */
  record: RecordDetail | null;
}

export interface ActDraftState extends DraftState {
  readonly form: Answers;
  readonly about: ShallowRef<ActAbout | null>;
  readonly offered: ComputedRef<ActReport["offered"] | null>;
  /** Why the act would be refused as things stand, in the pack's words. */
  readonly refused: ShallowRef<string | null>;
  /** The answers as they are submitted. */
  toSubmit(): Record<string, unknown>;
}

export function useActDraft(waist: Waist, key: ActKey): ActDraftState {
  const refused = shallowRef<string | null>(null);
  /** Outlives the record, so that what was typed can still be read. */
  let view: FormView | null = null;

  async function read(): Promise<Opened<Answers, ActAbout> | null> {
    try {
      const [opened, record] = await Promise.all([waist.call("form.open", key), recordOf(waist, key)]);
      view = opened;
      if (record) setServerNow(record.now);
      return { about: { view: opened, record }, form: formOf(opened.fields, opened.answers), savedAt: opened.saved_at };
    } catch (failure) {
      if (["not_found", "order_not_in_scope"].includes(codeOf(failure))) return null;
      throw failure;
    }
  }

  const draft = useDraft<Answers, ActAbout, ActReport["offered"]>(waist, {
    name: textOf(key),
    topics: RECORD_TOPICS,
    empty: () => formOf(view?.fields ?? [], {}),
    read,
    // What was kept of a record that left is listed in the outbox.
    readLeft: () => Promise.resolve(null),
    async check(form) {
      const report = await waist.call("records.check", { key, answers: given(form) });
      refused.value = report.refused;
      return {
        issues: report.issues.map(({ answer, code }) => ({ field: answer, code })),
        required: [...report.required, ...requiredColumns(view?.fields ?? [], form)],
        relevant: report.relevant,
        offered: report.offered,
      };
    },
    save: async (form) => (await waist.call("records.save", { key, answers: given(form) })).saved_at,
  });
  return { ...draft, refused, toSubmit: () => given(draft.toSubmit()) };
}

function recordOf(waist: Waist, { kind, id }: ActKey): Promise<RecordDetail | null> {
  return id === undefined ? Promise.resolve(null) : waist.call("records.get", { kind, id });
}
