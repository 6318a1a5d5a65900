// The records of one list: one tab, one search.
// Not here: fetching page by page (`listPages.ts`), which record belongs where and which comes first (core). Used by
// the list page.

import { computed, ref, watch, type ComputedRef, type Ref } from "vue";
import type { RecordList, RecordRow, TabView, Waist } from "@core";
import { useListPages, type ListPages } from "../listPages";
import type { ListChoice } from "./packs";
import { RECORD_TOPICS } from "./places";

export interface RecordPages extends ListPages<RecordList, RecordRow> {
  /** The chosen tab; empty until the list's tabs are known. */
  readonly tab: ComputedRef<string>;
  readonly tabs: ComputedRef<readonly TabView[]>;
  readonly search: Ref<string>;
  chooseTab(id: string): void;
}

export function useRecordPages(waist: Waist, chosen: () => ListChoice | null): RecordPages {
  const wantedTab = ref("");
  const search = ref("");
  const listName = computed(() => {
    const choice = chosen();
    return choice && `${choice.pack.id}/${choice.list.id}`;
  });
  watch(listName, () => {
    wantedTab.value = "";
    search.value = "";
  });

  const pages = useListPages(waist, {
    topics: RECORD_TOPICS,
    mode: "grow",
    question() {
      const choice = chosen();
      if (choice === null) return null;
      const tab = wantedTab.value === "" ? {} : { tab: wantedTab.value };
      return { pack: choice.pack.id, list: choice.list.id, ...tab, search: search.value.trim() };
    },
    fetch: (question, offset, limit) => waist.call("records.list", { ...question, offset, limit }),
    pageOf: ({ rows, total, now }: RecordList) => ({ rows, total, now }),
  });
  const tabs = computed(() => pages.list.value?.tabs ?? []);
  return {
    ...pages,
    tabs,
    // The core shows the first one where none is named.
    tab: computed(() => wantedTab.value || (tabs.value[0]?.id ?? "")),
    search,
    chooseTab: (id) => (wantedTab.value = id),
  };
}
