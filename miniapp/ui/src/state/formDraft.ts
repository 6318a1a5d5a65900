// One form being filled in: its draft is kept by the core after every change, and checked by the core. What another
// tab made of the same draft meanwhile is brought together with it (`draftMerge.ts`), and what could not be kept stays
// in this page's memory until it can.
// Not here: rules of the form and what a draft is (core), fields and texts (forms/). Used by the form pages.

import { computed, onBeforeUnmount, reactive, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type {
  Draft,
  ErrorCode,
  FormIssue,
  FormKind,
  FormOptions,
  FormReport,
  OrderDetail,
  OrderId,
  SessionStatus,
  Waist,
} from "@core";
import { setServerNow } from "./clock";
import { mergeForms, type Answer, type Answers, type Displaced } from "./draftMerge";
import { alone, beforeReload } from "./draftTabs";
import { codeOf } from "./failure";
import { leftOver, type LeftOver } from "./leftOver";

/** Longest time between a change and its being kept, milliseconds. */
const SAVE_AFTER = 250;
/** What could not be kept is tried again this much later. */
const TRY_AGAIN_AFTER = 2_000;

export type FormOf<K extends FormKind> = Extract<Draft, { kind: K }>["form"];

/** What a form page says about its form. */
export interface FormShape<K extends FormKind> {
  kind: K;
  /** Nothing answered. */
  empty(): FormOf<K>;
}

export type SaveState = "untouched" | "saving" | "saved" | "failed";

export interface FormDraft<K extends FormKind> {
  readonly form: FormOf<K>;
  readonly order: ShallowRef<OrderDetail | null>;
  /** What the choice fields offer. */
  readonly options: ComputedRef<FormOptions | null>;
  readonly error: Ref<ErrorCode | null>;
  readonly issues: ShallowRef<readonly FormIssue[]>;
  readonly required: ComputedRef<ReadonlySet<string>>;
  /** The fields that are asked now. */
  readonly relevant: ComputedRef<ReadonlySet<string>>;
  readonly saveState: Ref<SaveState>;
  /** Why the last try to keep it failed. */
  readonly saveError: Ref<ErrorCode | null>;
  readonly savedAt: Ref<number | null>;
  /** The form was not empty when the page was opened. */
  readonly restored: Ref<boolean>;
  /** Answers that another tab's took the place of, or that could not take the place of this tab's. */
  readonly displaced: ShallowRef<readonly Displaced[]>;
  /** The draft was submitted or discarded in another tab while this page was open. */
  readonly gone: Ref<boolean>;
  /** The order is no longer on this device: what is typed can be read and kept, not submitted. */
  readonly left: Ref<boolean>;
  load(): Promise<void>;
  /** Keep what is typed, now. */
  flush(): Promise<void>;
  /** Bring in what another tab kept meanwhile. Whether that changed anything a person should look at first. */
  catchUp(): Promise<boolean>;
  /** The person decided about an answer that was left out: it replaces the field's, or it is let go. */
  settle(answer: Displaced, use: "instead" | "behind" | "not"): void;
  /** The form as it is submitted. */
  toSubmit(): FormOf<K>;
  /** Stop keeping: the form was submitted or discarded. */
  close(): void;
}

export function useFormDraft<K extends FormKind>(waist: Waist, id: OrderId, shape: FormShape<K>): FormDraft<K> {
  const form = reactive(shape.empty()) as FormOf<K>;
  const answers = form as unknown as Answers;
  const order = shallowRef<OrderDetail | null>(null);
  /** What the core last said of the form. */
  const report = shallowRef<FormReport | null>(null);
  const options = computed(() => report.value?.offered ?? null);
  const required = computed<ReadonlySet<string>>(() => new Set(report.value?.required));
  const relevant = computed<ReadonlySet<string>>(() => new Set(report.value?.relevant));
  const error = ref<ErrorCode | null>(null);
  const issues = shallowRef<readonly FormIssue[]>([]);
  const saveState = ref<SaveState>("untouched");
  const saveError = ref<ErrorCode | null>(null);
  const savedAt = ref<number | null>(null);
  const restored = ref(false);
  const displaced = shallowRef<readonly Displaced[]>([]);
  const gone = ref(false);
  const left = ref(false);

  let timer: ReturnType<typeof setTimeout> | undefined;
  let saving: Promise<void> = Promise.resolve();
  let dirty = false;
  /** Changes made on this page, and how many of them are kept. */
  let changes = 0;
  let kept = 0;
  let watching = false;
  let closed = false;
  /** The form as this page last knew it to be kept. */
  let base = shape.empty();
  /** What the fields held when they were last looked at, and which of them were answered on this page. */
  let seen: Answers = { ...answers };
  const answered = new Set<string>();
  let unkept: LeftOver<FormOf<K>> | null = null;

  const name = `${id} ${shape.kind}`;
  const draftOf = (given: FormOf<K>) => ({ id, draft: { kind: shape.kind, form: given } as Draft });
  const toSubmit = (): FormOf<K> => (report.value === null ? { ...form } : asked({ ...form }, relevant.value));
  const keptIn = (detail: OrderDetail) => detail.drafts.find((draft) => draft.draft.kind === shape.kind) ?? null;

  /** Without the answers to questions that are not asked. */
  function asked(given: FormOf<K>, fields: ReadonlySet<string>): FormOf<K> {
    const blank = shape.empty() as unknown as Answers;
    const kept = Object.entries(given as unknown as Answers).map(([field, answer]) => [
      field,
      fields.has(field) ? answer : (blank[field] ?? null),
    ]);
    return Object.fromEntries(kept) as FormOf<K>;
  }

  /** Write answers into the form that were not given on this page. */
  function put(given: Partial<Answers>): void {
    Object.assign(answers, given);
    Object.assign(seen, given);
  }

  async function load(): Promise<void> {
    error.value = null;
    try {
      const [detail, status] = await Promise.all([
        waist.call("orders.get", { id }),
        waist.call("session.status", {}),
      ]);
      setServerNow(detail.now);
      const there = keptIn(detail);
      if (there) {
        put({ ...shape.empty(), ...there.draft.form } as unknown as Answers);
        savedAt.value = there.saved_at;
        restored.value = true;
      }
      await check();
      base = toSubmit();
      unkept = unkeptOf(status);
      await takeUpLeftOver();
      order.value = detail;
      watching = true;
      if (dirty) void flush();
    } catch (failure) {
      if (codeOf(failure) === "not_found" && (await loadLeft())) return;
      error.value = codeOf(failure);
    }
  }

  /** The order is not here any more; whether what was typed is. */
  async function loadLeft(): Promise<boolean> {
    const [{ left_drafts }, status] = await Promise.all([
      waist.call("outbox.list", {}),
      waist.call("session.status", {}),
    ]);
    const there = left_drafts.find((draft) => draft.order_id === id && draft.kind === shape.kind);
    const typed = unkeptOf(status).take()?.form ?? there?.draft?.form;
    if (!typed) return false;
    put({ ...shape.empty(), ...typed } as unknown as Answers);
    savedAt.value = there?.saved_at ?? null;
    left.value = true;
    // What is typed shows without it too.
    await check().catch(() => undefined);
    return true;
  }

  function unkeptOf(status: SessionStatus): LeftOver<FormOf<K>> {
    return leftOver<FormOf<K>>(`${status.user?.id ?? ""} ${name}`);
  }

  /** What this page could not keep before, for example because the data was shut under it. */
  async function takeUpLeftOver(): Promise<void> {
    const before = unkept?.take();
    if (!before) return;
    const theirs = base;
    put(before.form as unknown as Answers);
    for (const field of before.answered) answered.add(field);
    base = before.base;
    await check();
    await join(theirs);
    dirty = true;
    changes += 1;
    restored.value = true;
  }

  let round = 0;
  let checking: Promise<void> = Promise.resolve();
  function check(): Promise<void> {
    checking = look();
    return checking;
  }

  async function look(): Promise<void> {
    round += 1;
    const mine = round;
    const answer = await waist.call("form.check", draftOf({ ...form }));
    if (mine !== round) return;
    report.value = answer;
    issues.value = answer.issues;
  }

  /** The core has said what it says of the form as it is. */
  function checked(): Promise<void> {
    return checking.catch(() => undefined);
  }

  /** Bring this page's form and the kept one together. Whether anything on the screen is another now. */
  async function join(theirs: FormOf<K>): Promise<boolean> {
    if (sameAnswers(theirs, base)) return false;
    const sides = () => ({ base, mine: toSubmit(), theirs, answered });
    // What is asked hangs on the answers that come out of it.
    const rough = mergeForms(sides(), (joined) => joined).form;
    const fields = new Set((await waist.call("form.check", draftOf(rough))).relevant);
    if (closed) return false;
    const merged = mergeForms(sides(), (joined) => asked(joined, fields));
    const final = merged.form as unknown as Answers;
    put(Object.fromEntries(merged.taken.map((field) => [field, final[field] ?? null])));
    for (const answer of merged.displaced) {
      const others = displaced.value.filter(({ field, from }) => field !== answer.field || from !== answer.from);
      displaced.value = [...others, answer];
    }
    base = theirs;
    if (merged.taken.length > 0) await check();
    return merged.taken.length > 0 || merged.displaced.length > 0;
  }

  /** Whether both forms answer every question alike. */
  function sameAnswers(one: FormOf<K>, other: FormOf<K>): boolean {
    const [here, there] = [one, other].map((given) => ({ ...shape.empty(), ...given }) as unknown as Answers);
    return Object.keys(here!).every((field) => here![field] === there![field]);
  }

  /** The order with its drafts, or `null` once it left. */
  async function read(): Promise<OrderDetail | null> {
    try {
      const detail = await waist.call("orders.get", { id });
      left.value = false;
      return detail;
    } catch (failure) {
      if (codeOf(failure) !== "not_found") throw failure;
      left.value = true;
      return null;
    }
  }

  async function readAndJoin(): Promise<boolean> {
    const detail = await read();
    if (closed || detail === null) return false;
    order.value = detail;
    const there = keptIn(detail);
    if (there === null) {
      gone.value = savedAt.value !== null;
      return false;
    }
    gone.value = false;
    savedAt.value = there.saved_at;
    return join({ ...shape.empty(), ...there.draft.form } as FormOf<K>);
  }

  /** The order changed: it may have left, or what may be done to it may be another thing now. */
  async function lookAtOrder(): Promise<void> {
    if (!watching || closed) return;
    const detail = await read();
    if (detail !== null && !closed) order.value = detail;
  }

  async function catchUp(): Promise<boolean> {
    if (!watching || closed) return false;
    await flush();
    await checked();
    return readAndJoin();
  }

  async function save(): Promise<void> {
    if (closed || !dirty) return;
    dirty = false;
    saveState.value = "saving";
    try {
      // Between reading and keeping no other tab may keep another.
      await alone(name, async () => {
        await readAndJoin();
        await checked();
        await keep(toSubmit());
      });
      if (closed) return;
      saveError.value = null;
      if (!dirty) unkept?.forget();
      // A change made meanwhile has its own save coming.
      if (!dirty) saveState.value = "saved";
    } catch (failure) {
      dirty = true;
      if (closed) return;
      saveState.value = "failed";
      saveError.value = codeOf(failure);
      remember();
      // Of an order that left without a draft nothing can be kept; the page shows what was typed.
      if (!left.value) timer ??= setTimeout(() => void flush(), TRY_AGAIN_AFTER);
    }
  }

  async function keep(given: FormOf<K>): Promise<void> {
    const upTo = changes;
    const answer = await waist.call("draft.save", draftOf(given));
    base = given;
    kept = upTo;
    savedAt.value = answer.saved_at;
    gone.value = false;
  }

  /**
   * The page may end any moment: one message, and no question before it. What another tab kept was brought in when this
   * one came to the front.
   */
  function keepAtOnce(): void {
    if (!watching || closed || kept === changes) return;
    const before = saving;
    saving = keep({ ...form }).then(
      () => before,
      () => before,
    );
    void flush();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // One after the other, so that an older text never lands on a newer one.
    saving = saving.then(save);
    return saving;
  }

  function remember(): void {
    if (dirty && !closed) unkept?.keep({ form: { ...form }, base, answered: [...answered] });
  }

  function settle(answer: Displaced, use: "instead" | "behind" | "not"): void {
    displaced.value = displaced.value.filter((other) => other !== answer);
    const present: Answer = answers[answer.field] ?? null;
    if (use === "instead") answers[answer.field] = answer.value;
    if (use === "behind") answers[answer.field] = present ? `${present}\n${answer.value}` : answer.value;
  }

  watch(
    form,
    () => {
      if (!watching || closed) return;
      const changed = Object.keys(answers).filter((field) => answers[field] !== seen[field]);
      // Another tab's answers are kept already.
      if (changed.length > 0) {
        for (const field of changed) answered.add(field);
        seen = { ...answers };
        dirty = true;
        changes += 1;
        // Not restarted by further typing: a fast typist is kept just as often.
        timer ??= setTimeout(() => void flush(), SAVE_AFTER);
      }
      void check().catch(() => undefined);
    },
    { deep: true },
  );

  const onHide = () => keepAtOnce();
  const onShow = () => {
    if (document.visibilityState === "visible") void catchUp().catch(() => undefined);
    else onHide();
  };
  document.addEventListener("visibilitychange", onShow);
  window.addEventListener("focus", onShow);
  window.addEventListener("pagehide", onHide);
  window.addEventListener("blur", onHide);
  const stay = beforeReload(flush);
  const unsubscribe = waist.subscribe(["orders"], () => void lookAtOrder().catch(() => undefined));
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", onShow);
    window.removeEventListener("focus", onShow);
    window.removeEventListener("pagehide", onHide);
    window.removeEventListener("blur", onHide);
    stay();
    unsubscribe();
    remember();
    // No more tries after this one: what is left waits for the form to be opened again.
    void flush().then(() => clearTimeout(timer));
  });

  return {
    form,
    order,
    options,
    error,
    issues,
    required,
    relevant,
    saveState,
    saveError,
    savedAt,
    restored,
    displaced,
    gone,
    left,
    load,
    flush,
    catchUp,
    settle,
    toSubmit,
    close() {
      closed = true;
      clearTimeout(timer);
      unkept?.forget();
    },
  };
}
