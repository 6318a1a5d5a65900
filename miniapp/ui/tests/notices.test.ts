import { effectScope, nextTick, ref } from "vue";
import { describe, expect, it } from "vitest";
import type { CoreStatus, SessionStatus } from "@core";
import { useLostData } from "@ui/state/notices";

describe("data that the browser cleared", () => {
  const who = (user: string | null, lock = "open") => ({ user: user && { id: user }, lock }) as unknown as SessionStatus;
  const core = (restarts: number) => ({ phase: "ready", restarts }) as CoreStatus;

  async function after(...steps: [SessionStatus | null, CoreStatus][]): Promise<boolean> {
    const [session, status] = [ref<SessionStatus | null>(null), ref(core(0))];
    const scope = effectScope();
    const lost = scope.run(() => useLostData(() => session.value, () => status.value))!;
    for (const step of steps) {
      [session.value, status.value] = step;
      await nextTick();
    }
    scope.stop();
    return lost.value;
  }

  it("is missed by whoever was signed in before the program started again", async () => {
    const signedIn = who("h-1");
    expect(await after([signedIn, core(0)], [signedIn, core(1)], [who(null), core(1)])).toBe(true);
  });

  it("is not what signing out, locking, erasing or a restart alone looks like", async () => {
    expect(await after([who("h-1"), core(0)], [who(null), core(0)], [who(null), core(1)])).toBe(false);
    expect(await after([who("h-1"), core(0)], [who(null, "locked"), core(1)], [who("h-1"), core(1)])).toBe(false);
    expect(await after([who("h-1"), core(0)], [who(null, "erased"), core(1)])).toBe(false);
    expect(await after([who("h-1"), core(0)], [who("h-1"), core(1)], [who(null), core(1)])).toBe(false);
  });

  it("is not spoken of any more once somebody signed in again", async () => {
    expect(await after([who("h-1"), core(0)], [who(null), core(1)], [who("h-1"), core(1)])).toBe(false);
  });
});
