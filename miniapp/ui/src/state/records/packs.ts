// What the person can work on, and which of its lists is looked at: remembered on this device, so that whoever has
// several need not choose again each morning.
// Not here: what a pack holds (core). Used by the list page.

import { computed, ref, type ComputedRef } from "vue";
import type { ListHead, PacksView, PackView, Waist } from "@core";
import { useLive, type Live } from "../live";
import { RECORD_TOPICS } from "./places";

const KEY = "shenhai.list";

/** A list with the pack it is of. */
export interface ListChoice {
  pack: PackView;
  list: ListHead;
}

export interface Packs {
  readonly live: Live<PacksView>;
  readonly choices: ComputedRef<readonly ListChoice[]>;
  readonly chosen: ComputedRef<ListChoice | null>;
  choose(choice: ListChoice): void;
}

export function usePacks(waist: Waist): Packs {
  const live = useLive(waist, RECORD_TOPICS, () => waist.call("records.packs", {}));
  const wanted = ref(remembered());
  const choices = computed(() =>
    (live.value.value?.packs ?? []).flatMap((pack) => pack.lists.map((list) => ({ pack, list }))),
  );
  return {
    live,
    choices,
    chosen: computed(() => choices.value.find((choice) => nameOf(choice) === wanted.value) ?? choices.value[0] ?? null),
    choose(choice) {
      wanted.value = nameOf(choice);
      remember(wanted.value);
    },
  };
}

function nameOf({ pack, list }: ListChoice): string {
  return `${pack.id}/${list.id}`;
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    // A browser may forbid storage; the first list is then as good as any.
    return "";
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // As above: the choice then lasts as long as the page.
  }
}
