// One form being filled in: its draft is kept by the core after every change, and checked by the core. What another
// tab made of the same draft meanwhile is brought together with it (`draftMerge.ts`), and what could not be kept stays
// in this page's memory until it can.
// Not here: rules of the form and what a draft is (core), where it is read from and kept (`formDraft.ts`,
// `records/actDraft.ts`), fields and texts (parts).

import {
  computed,
  onBeforeUnmount,
  ref,
  shallowReactive,
  shallowRef,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from "vue";
import type { ErrorCode, SessionStatus, Topic, Waist } from "@core";
import { mergeForms, sameAnswer, type Answer, type Answers, type Displaced } from "./draftMerge";
import { alone, beforeReload } from "./draftTabs";
import { codeOf } from "./failure";
import { leftOver, type LeftOver } from "./leftOver";

/** Longest time between a change and its being kept, milliseconds. */
const SAVE_AFTER = 250;
/** What could not be kept is tried again this much later. */
const TRY_AGAIN_AFTER = 2_000;

/** What is wrong with an answer. */
export interface FieldIssue {
  field: string;
  code: string;
}

/** What the core says of a form as it stands. */
export interface Checked<O> {
  issues: readonly FieldIssue[];
  required: readonly string[];
  relevant: readonly string[];
  /** What choices offer and whatever else a form wants to know. */
  offered: O;
}

/** What the form is about, and what is kept of it. */
export interface Opened<F, D> {
  about: D;
  /** Every field of the form, as it was kept or as it begins. */
  form: F;
  /** When it was kept; `null`: nothing is. */
  savedAt: number | null;
}

/** Where one draft comes from and goes to. */
export interface DraftSource<F extends object, D, O> {
  /** Names the draft among those of this browser. */
  name: string;
  /** A change of these may mean that what the form is about left, or may not be handled so any more. */
  topics: readonly Topic[];
  /** Every field that is known before anything is read, not answered. */
  empty(): F;
  /** `null`: what it is about is not on this device, or not any more. */
  read(): Promise<Opened<F, D> | null>;
  /** What was kept of it although it left; `null` for nothing, `form: null` where it may not be shown. */
  readLeft(): Promise<{ form: F | null; savedAt: number } | null>;
  check(form: F): Promise<Checked<O>>;
  /** Answers when it was kept. */
  save(form: F): Promise<number>;
}

export type SaveState = "untouched" | "saving" | "saved" | "failed";

/** What a form page needs of a draft, whatever is in it. */
export interface DraftState {
  readonly error: Ref<ErrorCode | null>;
  readonly issues: ShallowRef<readonly FieldIssue[]>;
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
  /** What it is about is no longer on this device: what is typed can be read and kept, not submitted. */
  readonly left: Ref<boolean>;
  load(): Promise<void>;
  /** Keep what is typed, now. */
  flush(): Promise<void>;
  /** Ask the core once more what is wrong. */
  check(): Promise<void>;
  /** Bring in what another tab kept meanwhile. Whether that changed anything a person should look at first. */
  catchUp(): Promise<boolean>;
  /** The person decided about an answer that was left out: it replaces the field's, or it is let go. */
  settle(answer: Displaced, use: "instead" | "behind" | "not"): void;
  /** Stop keeping: the form was submitted or discarded. */
  close(): void;
}

export interface KeptDraft<F, D, O> extends DraftState {
  readonly form: F;
  readonly about: ShallowRef<D | null>;
  readonly offered: ComputedRef<O | null>;
  /** The form as it is submitted. */
  toSubmit(): F;
}

export function useDraft<F extends object, D, O>(waist: Waist, source: DraftSource<F, D, O>): KeptDraft<F, D, O> {
  // Only whole answers are ever replaced: nothing reaches into a list of codes or into the rows of a table.
  const form = shallowReactive(source.empty()) as F;
  const answers = form as unknown as Answers;
  const about = shallowRef<D | null>(null);
  /** What the core last said of the form. */
  const report = shallowRef<Checked<O> | null>(null);
  const offered = computed(() => report.value?.offered ?? null);
  const required = computed<ReadonlySet<string>>(() => new Set(report.value?.required));
  const relevant = computed<ReadonlySet<string>>(() => new Set(report.value?.relevant));
  const error = ref<ErrorCode | null>(null);
  const issues = shallowRef<readonly FieldIssue[]>([]);
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
  let base = source.empty();
  /** What the fields held when they were last looked at, and which of them were answered on this page. */
  let seen: Answers = { ...answers };
  const answered = new Set<string>();
  let unkept: LeftOver<F> | null = null;

  const toSubmit = (): F => (report.value === null ? { ...form } : asked({ ...form }, relevant.value));

  /** Without the answers to questions that are not asked. */
  function asked(given: F, fields: ReadonlySet<string>): F {
    const blank = source.empty() as unknown as Answers;
    const kept = Object.entries(given as unknown as Answers).map(([field, answer]) => [
      field,
      fields.has(field) ? answer : (blank[field] ?? null),
    ]);
    return Object.fromEntries(kept) as F;
  }

  /** Write answers into the form that were not given on this page. */
  function put(given: Partial<Answers>): void {
    Object.assign(answers, given);
    Object.assign(seen, given);
  }

  async function load(): Promise<void> {
    error.value = null;
    try {
      const [there, status] = await Promise.all([source.read(), waist.call("session.status", {})]);
      unkept = unkeptOf(status);
      if (there === null) {
        if (!(await loadLeft())) error.value = "not_found";
        return;
      }
      put(there.form as unknown as Answers);
      if (there.savedAt !== null) {
        savedAt.value = there.savedAt;
        restored.value = true;
      }
      await check();
      base = toSubmit();
      await takeUpLeftOver();
      about.value = there.about;
      watching = true;
      if (dirty) void flush();
    } catch (failure) {
      error.value = codeOf(failure);
    }
  }

  /** What the form is about is not here any more; whether what was typed is. */
  async function loadLeft(): Promise<boolean> {
    const there = await source.readLeft();
    const typed = unkept?.take()?.form ?? there?.form;
    if (!typed) return false;
    put({ ...source.empty(), ...typed } as unknown as Answers);
    savedAt.value = there?.savedAt ?? null;
    left.value = true;
    // What is typed shows without it too.
    await check().catch(() => undefined);
    return true;
  }

  function unkeptOf(status: SessionStatus): LeftOver<F> {
    return leftOver<F>(`${status.user?.id ?? ""} ${source.name}`);
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
    const answer = await source.check({ ...form });
    if (mine !== round) return;
    report.value = answer;
    issues.value = answer.issues;
  }

  /** The core has said what it says of the form as it is. */
  function checked(): Promise<void> {
    return checking.catch(() => undefined);
  }

  /** Bring this page's form and the kept one together. Whether anything on the screen is another now. */
  async function join(theirs: F): Promise<boolean> {
    if (sameForm(theirs, base)) return false;
    const sides = () => ({ base, mine: toSubmit(), theirs, answered });
    // What is asked hangs on the answers that come out of it.
    const rough = mergeForms(sides(), (joined) => joined).form;
    const fields = new Set((await source.check(rough)).relevant);
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
  function sameForm(one: F, other: F): boolean {
    const [here, there] = [one, other].map((given) => ({ ...source.empty(), ...given }) as unknown as Answers);
    return Object.keys({ ...here, ...there }).every((field) => sameAnswer(here![field] ?? null, there![field] ?? null));
  }

  /** What the form is about with its draft, or `null` once it left. */
  async function read(): Promise<Opened<F, D> | null> {
    const there = await source.read();
    left.value = there === null;
    return there;
  }

  async function readAndJoin(): Promise<boolean> {
    const there = await read();
    if (closed || there === null) return false;
    about.value = there.about;
    if (there.savedAt === null) {
      gone.value = savedAt.value !== null;
      return false;
    }
    gone.value = false;
    savedAt.value = there.savedAt;
    return join(there.form);
  }

  /** Something changed: it may have left, or what may be done to it may be another thing now. */
  async function lookAgain(): Promise<void> {
    if (!watching || closed) return;
    const there = await read();
    if (there !== null && !closed) about.value = there.about;
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
      await alone(source.name, async () => {
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
      // Of what left without a draft nothing can be kept; the page shows what was typed.
      if (!left.value) timer ??= setTimeout(() => void flush(), TRY_AGAIN_AFTER);
    }
  }

  async function keep(given: F): Promise<void> {
    const upTo = changes;
    const at = await source.save(given);
    base = given;
    kept = upTo;
    savedAt.value = at;
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
    if (use === "behind") answers[answer.field] = present ? `${String(present)}\n${String(answer.value)}` : answer.value;
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
  const unsubscribe = waist.subscribe(source.topics, () => void lookAgain().catch(() => undefined));
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
    about,
    offered,
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
    check,
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
