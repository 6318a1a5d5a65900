// Setting, changing or removing the PIN: which one is asked for next, and what is then sent to the core.
// Not here: what a PIN must be (core says `pin_digits`). Used by PinDialog.

import { computed, ref, type ComputedRef, type Ref } from "vue";
import type { ErrorCode, LockStatus, Waist } from "@core";
import { codeOf } from "./failure";

export type PinPurpose = "set" | "change" | "clear";
/** The PIN as it is now; the new one; the new one once more. */
export type PinStep = "present" | "fresh" | "again";

const STEPS: Record<PinPurpose, readonly PinStep[]> = {
  set: ["fresh", "again"],
  change: ["present", "fresh", "again"],
  clear: ["present"],
};

export interface PinSteps {
  readonly step: ComputedRef<PinStep>;
  readonly typed: Ref<string>;
  readonly busy: Readonly<Ref<boolean>>;
  /** `mismatch`: the new PIN was not the same twice. */
  readonly problem: Readonly<Ref<ErrorCode | "mismatch" | null>>;
  /** Take what is typed; answers the lock's new status once the core has it all, else `null`. */
  next(): Promise<LockStatus | null>;
}

export function usePinSteps(waist: Waist, purpose: PinPurpose): PinSteps {
  const steps = STEPS[purpose];
  const at = ref(0);
  const typed = ref("");
  const busy = ref(false);
  const problem = ref<ErrorCode | "mismatch" | null>(null);
  const given: Partial<Record<PinStep, string>> = {};
  const step = computed<PinStep>(() => steps[at.value] ?? "present");

  function restart(from: PinStep, why: ErrorCode | "mismatch"): void {
    at.value = Math.max(0, steps.indexOf(from));
    problem.value = why;
  }

  function send(): Promise<LockStatus> {
    const { present = "", fresh = "" } = given;
    if (purpose === "clear") return waist.call("lock.clear_pin", { pin: present });
    return waist.call("lock.set_pin", { pin: fresh, ...(purpose === "change" ? { old_pin: present } : {}) });
  }

  async function finish(): Promise<LockStatus | null> {
    busy.value = true;
    try {
      return await send();
    } catch (failure) {
      const code = codeOf(failure);
      restart(code === "form_invalid" ? "fresh" : "present", code);
      return null;
    } finally {
      busy.value = false;
      for (const name of steps) delete given[name];
    }
  }

  async function next(): Promise<LockStatus | null> {
    given[step.value] = typed.value;
    typed.value = "";
    problem.value = null;
    if (step.value === "again" && given.again !== given.fresh) {
      restart("fresh", "mismatch");
      return null;
    }
    if (at.value < steps.length - 1) {
      at.value += 1;
      return null;
    }
    return finish();
  }

  return { step, typed, busy, problem, next };
}
