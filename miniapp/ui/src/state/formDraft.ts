// The draft of one form of an order: read with the order, kept under it.
// Not here: keeping it after every change and bringing tabs together (`draft.ts`), fields and texts (forms/). Used by
// the form pages of the hotline.

import type { ComputedRef, ShallowRef } from "vue";
import type { Draft, FormKind, FormOptions, OrderDetail, OrderId, Waist } from "@core";
import { setServerNow } from "./clock";
import { useDraft, type DraftState, type Opened } from "./draft";
import { codeOf } from "./failure";

export type FormOf<K extends FormKind> = Extract<Draft, { kind: K }>["form"];

/** What a form page says about its form. */
export interface FormShape<K extends FormKind> {
  kind: K;
  /** Nothing answered. */
  empty(): FormOf<K>;
}

export interface FormDraft<K extends FormKind> extends DraftState {
  readonly form: FormOf<K>;
  readonly order: ShallowRef<OrderDetail | null>;
  /** What the choice fields offer. */
  readonly options: ComputedRef<FormOptions | null>;
  /** The form as it is submitted. */
  toSubmit(): FormOf<K>;
}

export function useFormDraft<K extends FormKind>(waist: Waist, id: OrderId, shape: FormShape<K>): FormDraft<K> {
  const draftOf = (form: FormOf<K>) => ({ id, draft: { kind: shape.kind, form } as Draft });

  async function read(): Promise<Opened<FormOf<K>, OrderDetail> | null> {
    try {
      const order = await waist.call("orders.get", { id });
      setServerNow(order.now);
      const there = order.drafts.find((draft) => draft.draft.kind === shape.kind);
      const form = { ...shape.empty(), ...there?.draft.form } as FormOf<K>;
      return { about: order, form, savedAt: there?.saved_at ?? null };
    } catch (failure) {
      if (codeOf(failure) === "not_found") return null;
      throw failure;
    }
  }

  const draft = useDraft<FormOf<K>, OrderDetail, FormOptions>(waist, {
    name: `${id} ${shape.kind}`,
    topics: ["orders"],
    empty: () => shape.empty(),
    read,
    async readLeft() {
      const { left_drafts } = await waist.call("outbox.list", {});
      const there = left_drafts.find((draft) => draft.order_id === id && draft.kind === shape.kind);
      return there ? { form: (there.draft?.form as FormOf<K> | undefined) ?? null, savedAt: there.saved_at } : null;
    },
    check: (form) => waist.call("form.check", draftOf(form)),
    save: async (form) => (await waist.call("draft.save", draftOf(form))).saved_at,
  });
  return { ...draft, order: draft.about, options: draft.offered };
}
