// The list of orders: one tab, one search.
// Not here: fetching page by page (`listPages.ts`), which order belongs where and which comes first (core). Used by the
// lists of the hotline and the desk.

import { ref, type ComputedRef, type Ref } from "vue";
import type { OrderFilter, OrderList, OrderSummary, Waist } from "@core";
import { useListPages, type ListPages } from "./listPages";

export interface OrderPages extends ListPages<OrderList, OrderSummary> {
  readonly filter: Ref<OrderFilter>;
  readonly search: Ref<string>;
  readonly items: ComputedRef<readonly OrderSummary[]>;
}

export function useOrderPages(waist: Waist, mode: "grow" | "turn"): OrderPages {
  const filter = ref<OrderFilter>("open");
  const search = ref("");
  const pages = useListPages(waist, {
    topics: ["orders", "session"],
    mode,
    question: () => ({ filter: filter.value, search: search.value.trim() }),
    fetch: (question, offset, limit) => waist.call("orders.list", { ...question, offset, limit }),
    pageOf: ({ items, total, now }: OrderList) => ({ rows: items, total, now }),
  });
  return { ...pages, filter, search, items: pages.rows };
}
