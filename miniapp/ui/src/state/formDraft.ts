// One form being filled in: its draft is kept by the core after every change, and checked by the core.
// Not here: rules of the form and what a draft is (core), fields and texts (forms/). Used by the form pages.

import { onBeforeUnmount, reactive, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import type { Draft, ErrorCode, FormIssue, FormKind, FormOptions, OrderDetail, OrderId, Waist } from "@core";
import { codeOf } from "./failure";
import { setServerNow } from "./clock";

/** Longest time between a change and its being kept, milliseconds. */
const SAVE_AFTER = 250;

export type FormOf<K extends FormKind> = Extract<Draft, { kind: K }>["form"];

/** What a form page says about its form. */
export interface FormShape<K extends FormKind> {
  kind: K;
  /** Nothing answered. */
  empty(): FormOf<K>;
  /** The form as it stands on the screen: answers to questions not asked now are left out. */
  shown(form: FormOf<K>): FormOf<K>;
  /** Only the choices, every text and time left out: what the core then calls required, is. */
  choices(form: FormOf<K>): FormOf<K>;
}

export type SaveState = "untouched" | "saving" | "saved" | "failed";

export interface FormDraft<K extends FormKind> {
  readonly form: FormOf<K>;
  readonly order: ShallowRef<OrderDetail | null>;
  readonly options: ShallowRef<FormOptions | null>;
  readonly error: Ref<ErrorCode | null>;
  readonly issues: ShallowRef<readonly FormIssue[]>;
  readonly required: ShallowRef<ReadonlySet<string>>;
  readonly saveState: Ref<SaveState>;
  readonly savedAt: Ref<number | null>;
  /** The form was not empty when the page was opened. */
  readonly restored: Ref<boolean>;
  load(): Promise<void>;
  /** Keep what is typed, now. */
  flush(): Promise<void>;
  /** The form as it is submitted. */
  toSubmit(): FormOf<K>;
  /** Stop keeping: the form was submitted or discarded. */
  close(): void;
}

export function useFormDraft<K extends FormKind>(waist: Waist, id: OrderId, shape: FormShape<K>): FormDraft<K> {
  const form = reactive(shape.empty()) as FormOf<K>;
  const order = shallowRef<OrderDetail | null>(null);
  const options = shallowRef<FormOptions | null>(null);
  const error = ref<ErrorCode | null>(null);
  const issues = shallowRef<readonly FormIssue[]>([]);
  const required = shallowRef<ReadonlySet<string>>(new Set());
  const saveState = ref<SaveState>("untouched");
  const savedAt = ref<number | null>(null);
  const restored = ref(false);

  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> = Promise.resolve();
  let dirty = false;
  let watching = false;
  let closed = false;

  const draftOf = (answers: FormOf<K>) => ({ id, draft: { kind: shape.kind, form: answers } as Draft });
  const toSubmit = (): FormOf<K> => ({ ...shape.shown({ ...form }) });

  async function load(): Promise<void> {
    error.value = null;
    try {
      const [detail, offered] = await Promise.all([
        waist.call("orders.get", { id }),
        waist.call("form.options", { id, kind: shape.kind }),
      ]);
      setServerNow(detail.now);
      const kept = detail.drafts.find((draft) => draft.draft.kind === shape.kind);
      if (kept) {
        Object.assign(form, kept.draft.form);
        savedAt.value = kept.saved_at;
        restored.value = true;
      }
      order.value = detail;
      options.value = offered;
      await check();
      watching = true;
    } catch (failure) {
      error.value = codeOf(failure);
    }
  }

  let round = 0;
  async function check(): Promise<void> {
    round += 1;
    const mine = round;
    const answers = toSubmit();
    const [report, bare, blank] = await Promise.all([
      waist.call("form.check", draftOf(answers)),
      waist.call("form.check", draftOf(shape.choices(answers))),
      waist.call("form.check", draftOf(shape.empty())),
    ]);
    if (mine !== round) return;
    issues.value = report.issues;
    required.value = new Set(
      [...bare.issues, ...blank.issues].filter((issue) => issue.code === "required").map((issue) => issue.field),
    );
  }

  async function save(): Promise<void> {
    if (closed || !dirty) return;
    dirty = false;
    saveState.value = "saving";
    try {
      const kept = await waist.call("draft.save", draftOf(toSubmit()));
      if (closed) return;
      savedAt.value = kept.saved_at;
      // A change made meanwhile has its own save coming.
      if (!dirty) saveState.value = "saved";
    } catch {
      dirty = true;
      saveState.value = "failed";
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, so that an older text never lands on a newer one.
    saving = saving.then(save);
    return saving;
  }

  watch(
    form,
    () => {
      if (!watching || closed) return;
      dirty = true;
      // Not restarted by further typing: a fast typist is kept just as often.
      timer ??= setTimeout(() => void flush(), SAVE_AFTER);
      void check().catch(() => undefined);
    },
    { deep: true },
  );

  const onHide = () => void flush();
  document.addEventListener("visibilitychange", onHide);
  window.addEventListener("pagehide", onHide);
  window.addEventListener("blur", onHide);
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", onHide);
    window.removeEventListener("pagehide", onHide);
    window.removeEventListener("blur", onHide);
    void flush();
  });

  return {
    form,
    order,
    options,
    error,
    issues,
    required,
    saveState,
    savedAt,
    restored,
    load,
    flush,
    toSubmit,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
