import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MethodName, Waist } from "@core";
import { TOLD_EVERY, watchTouches } from "@ui/state/touch";

/** An event as the browser makes it for a person's hand; scripts cannot make one. */
function byHand(name: string): Event {
  const event = new Event(name);
  Object.defineProperty(event, "isTrusted", { value: true });
  return event;
}

describe("a person's touch", () => {
  let called: MethodName[];
  let page: EventTarget;
  let shown: EventTarget;
  let stop: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    called = [];
    page = new EventTarget();
    shown = new EventTarget();
    const waist = { call: async (method: MethodName) => void called.push(method) } as unknown as Waist;
    stop = watchTouches(waist, page, shown);
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it("is told for whatever a hand does, and not for each movement of it", () => {
    for (const name of ["pointerdown", "keydown", "wheel", "input"]) {
      page.dispatchEvent(byHand(name));
      page.dispatchEvent(byHand(name));
      vi.advanceTimersByTime(TOLD_EVERY);
    }
    expect(called).toEqual(["lock.touch", "lock.touch", "lock.touch", "lock.touch"]);
  });

  it("is not made up by scripts, and passing time is none", () => {
    page.dispatchEvent(new Event("pointerdown"));
    page.dispatchEvent(new Event("keydown"));
    vi.advanceTimersByTime(3_600_000);
    expect(called).toEqual([]);
  });

  it("is something else than coming back into view, which only asks the core what is due", () => {
    shown.dispatchEvent(byHand("visibilitychange"));
    page.dispatchEvent(byHand("focus"));
    page.dispatchEvent(byHand("pageshow"));
    expect(called).toEqual(["lock.status", "lock.status", "lock.status"]);
  });

  it("is no longer told once nobody follows", () => {
    stop();
    page.dispatchEvent(byHand("pointerdown"));
    shown.dispatchEvent(byHand("visibilitychange"));
    expect(called).toEqual([]);
  });
});
