// A list as the pages show it: grown page by page (phone) or turned page by page (desk), fetched anew when its topics
// change or something else is asked.
// Not here: which record belongs where and which comes first (core). Used by the lists of every entry.

import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { ErrorCode, Topic, Waist } from "@core";
import { setServerNow } from "./clock";
import { useLive } from "./live";

/** Rows fetched at a time, and the most one call may ask for. */
export const PAGE_ROWS = 50;
const CALL_ROWS = 200;

/** A deadline that passes is no event of the core: look again this often, milliseconds. */
const LOOK_AGAIN = 60_000;

/** One page of a list, whatever it is of. */
interface Page<R> {
  rows: readonly R[];
  total: number;
  now: number;
}

export interface ListSource<Q, L, R> {
  topics: readonly Topic[];
  mode: "grow" | "turn";
  /** What is asked now; `null`: nothing can be yet. Reactive. */
  question(): Q | null;
  fetch(question: Q, offset: number, limit: number): Promise<L>;
  pageOf(list: L): Page<R>;
}

export interface ListPages<L, R> {
  readonly page: Ref<number>;
  /** The newest answer; what else it says stands here. */
  readonly list: Readonly<ShallowRef<L | null>>;
  readonly rows: ComputedRef<readonly R[]>;
  readonly error: Readonly<Ref<ErrorCode | null>>;
  readonly loading: Readonly<Ref<boolean>>;
  readonly complete: ComputedRef<boolean>;
  /** The shown list is the answer to what is asked now. */
  readonly current: ComputedRef<boolean>;
  refresh(): Promise<void>;
  /** Phone: show one page more. */
  grow(): Promise<void>;
}

interface Answer<L, R> {
  /** What was asked, as text. */
  question: string;
  list: L;
  rows: readonly R[];
  total: number;
}

export function useListPages<Q, L, R>(waist: Waist, source: ListSource<Q, L, R>): ListPages<L, R> {
  const page = ref(0);
  const wanted = ref(PAGE_ROWS);
  const shown = shallowRef<Answer<L, R> | null>(null);
  const asked = computed(() => JSON.stringify(source.question()));

  const live = useLive(waist, source.topics, async (): Promise<Answer<L, R> | null> => {
    const question = source.question();
    if (question === null) return null;
    const [from, to] = source.mode === "grow" ? [0, wanted.value] : [page.value * PAGE_ROWS, (page.value + 1) * PAGE_ROWS];
    const answer = await fetchRange(source, question, from, to);
    setServerNow(answer.now);
    return { ...answer, question: JSON.stringify(question) };
  });

  watch(live.value, (answer) => {
    if (answer) shown.value = answer;
  });
  watch(asked, () => {
    wanted.value = PAGE_ROWS;
    if (page.value === 0) void live.refresh();
    else page.value = 0;
  });
  watch(page, () => void live.refresh());
  const timer = setInterval(() => document.hidden || void live.refresh(), LOOK_AGAIN);
  onScopeDispose(() => clearInterval(timer));

  const rows = computed(() => shown.value?.rows ?? []);
  const complete = computed(() => shown.value !== null && rows.value.length >= shown.value.total);
  return {
    page,
    list: computed(() => shown.value?.list ?? null),
    rows,
    error: live.error,
    loading: live.loading,
    complete,
    current: computed(() => shown.value?.question === asked.value),
    refresh: live.refresh,
    async grow() {
      if (complete.value) return;
      wanted.value = Math.max(wanted.value, rows.value.length) + PAGE_ROWS;
      await live.refresh();
    },
  };
}

/** These rows, in as few calls as the core allows, with the last answer. */
async function fetchRange<Q, L, R>(source: ListSource<Q, L, R>, question: Q, from: number, to: number) {
  const rows: R[] = [];
  for (;;) {
    const limit = Math.min(CALL_ROWS, to - from - rows.length);
    const list = await source.fetch(question, from + rows.length, limit);
    const found = source.pageOf(list);
    rows.push(...found.rows);
    if (rows.length >= to - from || from + rows.length >= found.total || found.rows.length === 0) {
      return { list, rows, total: found.total, now: found.now };
    }
  }
}
