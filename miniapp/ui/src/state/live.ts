// A value fetched through the waist and fetched anew when its topics change. Changes that come while a fetch is
// under way lead to one more fetch, never to two at once; an answer overtaken by a newer question is dropped.
// Not here: what is fetched. Used by the stores.

import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from "vue";
import type { ErrorCode, Topic, Waist } from "@core";
import { codeOf } from "./failure";

export interface Live<T> {
  readonly value: Readonly<ShallowRef<T | null>>;
  readonly error: Readonly<Ref<ErrorCode | null>>;
  readonly loading: Readonly<Ref<boolean>>;
  /** Fetch now; resolves when the newest answer is in. */
  refresh(): Promise<void>;
  /** Take a value that another call answered. */
  set(value: T): void;
}

export function useLive<T>(waist: Waist, topics: readonly Topic[], fetch: () => Promise<T>): Live<T> {
  const value = shallowRef<T | null>(null);
  const error = ref<ErrorCode | null>(null);
  const loading = ref(false);
  let asked = 0;
  let answered = 0;
  let running: Promise<void> | null = null;
  let stopped = false;

  async function run(): Promise<void> {
    loading.value = true;
    while (answered < asked && !stopped) {
      const round = asked;
      try {
        const answer = await fetch();
        if (round === asked && !stopped) {
          value.value = answer;
          error.value = null;
        }
      } catch (failure) {
        if (round === asked) error.value = codeOf(failure);
      }
      answered = round;
    }
    loading.value = false;
    running = null;
  }

  function refresh(): Promise<void> {
    asked += 1;
    running ??= run();
    return running;
  }

  const stop = waist.subscribe(topics, () => void refresh());
  onScopeDispose(() => {
    stopped = true;
    stop();
  });

  return {
    value,
    error,
    loading,
    refresh,
    set(fresh: T): void {
      // Whatever is under way was asked before this value was made.
      asked += 1;
      answered = asked;
      value.value = fresh;
      error.value = null;
    },
  };
}
