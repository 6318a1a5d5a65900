import { effectScope, nextTick, shallowRef, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LockStatus, SessionStatus, SyncStatus, Waist } from "@core";
import type { Live } from "@ui/state/live";
import { usePause, useUnlock, warningOf } from "@ui/state/lock";
import { ofLock, ofTrust } from "@ui/state/notices";
import { usePinSteps } from "@ui/state/pinSteps";

const status = (changes: Partial<LockStatus> = {}): LockStatus => ({
  state: "locked",
  pin_set: true,
  attempts_left: 10,
  retry_after_ms: 0,
  pin_required: false,
  lock_after_minutes: 5,
  pin_digits: 6,
  available: true,
  biometric: false,
  ...changes,
});

let scope: EffectScope;
beforeEach(() => (scope = effectScope()));
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
});

describe("the pause after a wrong PIN", () => {
  it("is counted down in whole seconds, the last one to its end", async () => {
    vi.useFakeTimers();
    const told = shallowRef<LockStatus | null>(status({ retry_after_ms: 2_500 }));
    const pause = scope.run(() => usePause(() => told.value))!;
    expect(pause.value).toBe(3);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(pause.value).toBe(2);
    await vi.advanceTimersByTimeAsync(1_250);
    expect(pause.value).toBe(1);
    await vi.advanceTimersByTimeAsync(250);
    expect(pause.value).toBe(0);
    told.value = status({ retry_after_ms: 30_000 });
    await nextTick();
    expect(pause.value).toBe(30);
    told.value = status();
    await nextTick();
    expect(pause.value).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("the warning", () => {
  it("grows louder with fewer attempts and is loudest before the last", () => {
    const of = (attempts_left: number) => warningOf(status({ attempts_left }));
    expect([of(10), of(4), of(3), of(2), of(1)]).toEqual([
      "none",
      "none",
      "few_attempts",
      "few_attempts",
      "last_attempt",
    ]);
  });
});

describe("unlocking", () => {
  const lockOf = (value: LockStatus) => {
    const live = { value: shallowRef<LockStatus | null>(value), refreshed: 0 };
    return {
      ...live,
      set(fresh: LockStatus) {
        live.value.value = fresh;
      },
      refresh() {
        this.refreshed += 1;
        return Promise.resolve();
      },
    };
  };

  it("forgets the PIN whether it was right or not, and looks at what is left after a wrong one", async () => {
    const tries: unknown[] = [];
    let outcome: () => Promise<LockStatus> = () => Promise.reject({ code: "pin_wrong" });
    const waist = {
      call: (_method: string, params: unknown) => {
        tries.push(params);
        return outcome();
      },
    } as unknown as Waist;
    const lock = lockOf(status());
    let after = 0;
    const unlock = useUnlock(waist, lock as unknown as Live<LockStatus>, async () => void (after += 1));

    unlock.pin.value = "111111";
    await unlock.withPin();
    expect(unlock.pin.value).toBe("");
    expect(unlock.problem.value).toBe("pin_wrong");
    expect(lock.refreshed).toBe(1);

    outcome = () => Promise.resolve(status({ state: "open" }));
    unlock.pin.value = "135790";
    await unlock.withPin();
    expect(unlock.pin.value).toBe("");
    expect(unlock.problem.value).toBeNull();
    expect(lock.value.value?.state).toBe("open");
    expect(tries).toEqual([{ pin: "111111" }, { pin: "135790" }]);
    expect(after).toBe(2);
  });
});

describe("setting a PIN", () => {
  const sent: [string, unknown][] = [];
  let outcome: () => Promise<LockStatus>;
  const waist = {
    call: (method: string, params: unknown) => {
      sent.push([method, params]);
      return outcome();
    },
  } as unknown as Waist;
  beforeEach(() => {
    sent.length = 0;
    outcome = () => Promise.resolve(status({ state: "open" }));
  });

  async function type(steps: ReturnType<typeof usePinSteps>, ...pins: string[]) {
    let last: LockStatus | null = null;
    for (const pin of pins) {
      steps.typed.value = pin;
      last = await steps.next();
    }
    return last;
  }

  it("asks twice and sends once", async () => {
    const steps = usePinSteps(waist, "set");
    expect(await type(steps, "246810", "246810")).not.toBeNull();
    expect(sent).toEqual([["lock.set_pin", { pin: "246810" }]]);
  });

  it("starts over when the two differ, and sends nothing", async () => {
    const steps = usePinSteps(waist, "set");
    expect(await type(steps, "246810", "246811")).toBeNull();
    expect(steps.step.value).toBe("fresh");
    expect(steps.problem.value).toBe("mismatch");
    expect(sent).toEqual([]);
  });

  it("goes back to the present PIN when that was wrong", async () => {
    outcome = () => Promise.reject({ code: "pin_wrong" });
    const steps = usePinSteps(waist, "change");
    await type(steps, "000000", "246810", "246810");
    expect(sent).toEqual([["lock.set_pin", { pin: "246810", old_pin: "000000" }]]);
    expect(steps.step.value).toBe("present");
    expect(steps.problem.value).toBe("pin_wrong");
  });

  it("goes back to the new PIN when that is too weak", async () => {
    outcome = () => Promise.reject({ code: "form_invalid" });
    const steps = usePinSteps(waist, "set");
    await type(steps, "1", "1");
    expect(steps.step.value).toBe("fresh");
    expect(steps.problem.value).toBe("form_invalid");
  });

  it("removes it with the present one alone", async () => {
    const steps = usePinSteps(waist, "clear");
    expect(await type(steps, "246810")).not.toBeNull();
    expect(sent).toEqual([["lock.clear_pin", { pin: "246810" }]]);
  });
});

describe("the notices of trust", () => {
  const session = (changes: Partial<SessionStatus>) => changes as SessionStatus;
  const ids = (notices: { id: string }[]) => notices.map((notice) => notice.id);

  it("put the authority first, then the device, then the lease", () => {
    const all = session({ revoked: true, rollback_suspected: true, log_forked: true, lease_expired: true });
    const sync = { last_error: "authority_changed" } as SyncStatus;
    expect(ids(ofTrust(all, sync))).toEqual([
      "authority-changed",
      "revoked",
      "rollback",
      "log-forked",
      "lease-expired",
    ]);
    expect(ofTrust(session({}), { last_error: "offline" } as SyncStatus)).toEqual([]);
    expect(ofTrust(null, null)).toEqual([]);
  });

  it("say of a forked log what happened, that work goes on, and whom to tell", () => {
    const [notice, ...more] = ofTrust(session({ log_forked: true }), null);
    expect(more).toEqual([]);
    expect(notice?.tone).toBe("danger");
    expect(notice?.action, "nothing dismisses it").toBeUndefined();
    for (const part of ["日志", "不一致", "工作可继续", "联系系统管理员"]) expect(notice?.text).toContain(part);
  });

  it("ask for a PIN only where the rules want one, there is none and one can be kept", () => {
    const signedIn = session({ user: {} as SessionStatus["user"] });
    const wanted = { pin_required: true, pin_set: false };
    expect(ofLock(signedIn, status(wanted))?.id).toBe("pin-needed");
    expect(ofLock(signedIn, status({ ...wanted, pin_set: true }))).toBeNull();
    expect(ofLock(signedIn, status({ ...wanted, available: false }))).toBeNull();
    expect(ofLock(signedIn, status({ pin_set: false }))).toBeNull();
    expect(ofLock(session({ user: null }), status(wanted))).toBeNull();
  });
});
