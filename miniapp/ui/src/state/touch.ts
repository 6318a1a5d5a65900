// Tells the core that a person uses this page, and wakes it when the page is looked at again.
// The core counts nothing else as use: a page fetches by itself, and a phone left lying would never lock.
// Not here: when it locks (core). Set up once with the session, for every entry.

import type { Waist } from "@core";
import { steadyNow } from "../stopwatch";

/** A person's hand makes many events: told this often at most, milliseconds. */
export const TOLD_EVERY = 10_000;

/** What only a person does. `input` besides keys: handwriting and speech bring no key. */
const BY_HAND = ["pointerdown", "pointermove", "touchmove", "wheel", "keydown", "input"] as const;

/** The page comes back into view. Timers stood still meanwhile, so the core is asked: it shuts what is due. */
const COMES_BACK = ["pageshow", "focus", "online"] as const;

/** Follows both until the returned function is called. */
export function watchTouches(waist: Waist, page: EventTarget = window, shown: EventTarget = document): () => void {
  let told = -Infinity;
  const ignore = () => undefined;

  function touched(event: Event): void {
    // What a script makes up is nobody's hand.
    if (!event.isTrusted || steadyNow() - told < TOLD_EVERY) return;
    told = steadyNow();
    waist.call("lock.touch", {}).catch(ignore);
  }
  function back(): void {
    waist.call("lock.status", {}).catch(ignore);
  }

  const passive = { capture: true, passive: true };
  for (const name of BY_HAND) page.addEventListener(name, touched, passive);
  for (const name of COMES_BACK) page.addEventListener(name, back);
  // `resume`: Chromium thawed a frozen page.
  for (const name of ["visibilitychange", "resume"]) shown.addEventListener(name, back);
  return () => {
    for (const name of BY_HAND) page.removeEventListener(name, touched, passive);
    for (const name of COMES_BACK) page.removeEventListener(name, back);
    for (const name of ["visibilitychange", "resume"]) shown.removeEventListener(name, back);
  };
}
