// The front end's only two clocks. Everything else asks here; ESLint forbids the machine's own.
// Not here: what time it is for the person (`state/clock.ts`, told by the core), and what must not last too long –
// the lock, the lease – which the core counts.

/** Milliseconds since an arbitrary start; nobody can set it. It may stand still while the machine sleeps. */
export function steadyNow(): number {
  return performance.now();
}

/** The device's own wall clock, milliseconds since 1970: wrong, and set by people. For what is said from one tab to
 * another, which count from different starts, and until the core told the time. */
export function wallNow(): number {
  return Date.now();
}
