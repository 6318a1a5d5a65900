// The lock of the data on this device as a page shows it: how long to wait, and one try to open it.
// Not here: when it locks, what a PIN must be, what a wrong one costs (core). Used by the lock screen.

import { onScopeDispose, ref, watch, type Ref } from "vue";
import type { ErrorCode, LockStatus, UnlockParams, Waist } from "@core";
import { codeOf } from "./failure";
import type { Live } from "./live";
import { steadyNow } from "../stopwatch";

const TICK = 250;

/** Whole seconds until the next PIN is taken; 0 for now. Runs by the page's stopwatch from each new status. */
export function usePause(status: () => LockStatus | null): Readonly<Ref<number>> {
  const seconds = ref(0);
  let until = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }
  function beat(): void {
    seconds.value = Math.max(0, Math.ceil((until - steadyNow()) / 1000));
    if (seconds.value === 0) stop();
  }
  watch(
    status,
    (now) => {
      until = steadyNow() + (now?.retry_after_ms ?? 0);
      stop();
      beat();
      if (seconds.value > 0) timer = setInterval(beat, TICK);
    },
    { immediate: true },
  );
  onScopeDispose(stop);
  return seconds;
}

/** What can be wrong with the next try, from the loudest to none. */
export type LockWarning = "last_attempt" | "few_attempts" | "none";

/** From how many tries left on their number is worth a colour. Only that hangs on it. */
const FEW = 3;

export function warningOf(status: LockStatus): LockWarning {
  if (status.attempts_left <= 1) return "last_attempt";
  return status.attempts_left <= FEW ? "few_attempts" : "none";
}

export interface Unlock {
  readonly pin: Ref<string>;
  readonly busy: Readonly<Ref<boolean>>;
  /** Why the last try failed. */
  readonly problem: Readonly<Ref<ErrorCode | null>>;
  /** Try the PIN that is typed. */
  withPin(): Promise<void>;
  /** Let the platform recognise the person. */
  withPlatform(): Promise<void>;
}

/** `after` runs whatever came out, once the lock's new status is in. */
export function useUnlock(waist: Waist, lock: Live<LockStatus>, after: () => Promise<void>): Unlock {
  const pin = ref("");
  const busy = ref(false);
  const problem = ref<ErrorCode | null>(null);

  async function attempt(params: UnlockParams): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    try {
      lock.set(await waist.call("lock.unlock", params));
      problem.value = null;
    } catch (failure) {
      problem.value = codeOf(failure);
      await lock.refresh();
    } finally {
      pin.value = "";
      await after();
      busy.value = false;
    }
  }

  return {
    pin,
    busy,
    problem,
    withPin: () => attempt({ pin: pin.value }),
    withPlatform: () => attempt({ host_secret: true }),
  };
}
