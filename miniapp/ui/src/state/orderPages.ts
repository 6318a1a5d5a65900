// The list of orders as the pages show it: one tab, one search, grown page by page (phone) or turned page by page
// (desk), fetched anew when orders change.
// Not here: which order belongs where and which comes first (core). Used by the lists of both entries.

import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";
import type { ErrorCode, OrderFilter, OrderList, OrderSummary, Waist } from "@core";
import { setServerNow } from "./clock";
import { useLive } from "./live";

/** Rows fetched at a time, and the most one call may ask for. */
export const PAGE_ROWS = 50;
const CALL_ROWS = 200;

/** A deadline that passes is no event of the core: look again this often, milliseconds. */
const LOOK_AGAIN = 60_000;

export interface OrderPages {
  readonly filter: Ref<OrderFilter>;
  readonly search: Ref<string>;
  readonly page: Ref<number>;
  readonly list: Readonly<ShallowRef<OrderList | null>>;
  readonly items: ComputedRef<readonly OrderSummary[]>;
  readonly error: Readonly<Ref<ErrorCode | null>>;
  readonly loading: Readonly<Ref<boolean>>;
  readonly complete: ComputedRef<boolean>;
  /** The shown list is the answer to the tab and search now chosen. */
  readonly current: ComputedRef<boolean>;
  refresh(): Promise<void>;
  /** Phone: show one page more. */
  grow(): Promise<void>;
}

interface Question {
  filter: OrderFilter;
  search: string;
}

interface Answer {
  question: Question;
  list: OrderList;
}

export function useOrderPages(waist: Waist, mode: "grow" | "turn"): OrderPages {
  const filter = ref<OrderFilter>("open");
  const search = ref("");
  const page = ref(0);
  const wanted = ref(PAGE_ROWS);
  const shown = shallowRef<Answer | null>(null);

  const live = useLive(waist, ["orders", "session"], async () => {
    const question = { filter: filter.value, search: search.value.trim() };
    const list =
      mode === "grow"
        ? await fetchFirst(waist, question, wanted.value)
        : await waist.call("orders.list", { ...question, offset: page.value * PAGE_ROWS, limit: PAGE_ROWS });
    setServerNow(list.now);
    return { question, list };
  });

  watch(live.value, (answer) => {
    if (answer) shown.value = answer;
  });
  watch([filter, search], () => {
    wanted.value = PAGE_ROWS;
    if (page.value === 0) void live.refresh();
    else page.value = 0;
  });
  watch(page, () => void live.refresh());
  const timer = setInterval(() => document.hidden || void live.refresh(), LOOK_AGAIN);
  onScopeDispose(() => clearInterval(timer));

  const list = computed(() => shown.value?.list ?? null);
  const items = computed(() => list.value?.items ?? []);
  return {
    filter,
    search,
    page,
    list,
    items,
    error: live.error,
    loading: live.loading,
    complete: computed(() => list.value !== null && items.value.length >= list.value.total),
    current: computed(
      () => shown.value?.question.filter === filter.value && shown.value.question.search === search.value.trim(),
    ),
    refresh: live.refresh,
    async grow() {
      if (list.value && items.value.length >= list.value.total) return;
      wanted.value = Math.max(wanted.value, items.value.length) + PAGE_ROWS;
      await live.refresh();
    },
  };
}

/** The first `rows` rows, in as few calls as the core allows. */
async function fetchFirst(waist: Waist, question: Question, rows: number): Promise<OrderList> {
  const items: OrderSummary[] = [];
  for (;;) {
    const limit = Math.min(CALL_ROWS, rows - items.length);
    const list = await waist.call("orders.list", { ...question, offset: items.length, limit });
    items.push(...list.items);
    if (items.length >= rows || items.length >= list.total || list.items.length === 0) return { ...list, items };
  }
}
