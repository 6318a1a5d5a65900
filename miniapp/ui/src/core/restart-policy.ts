// How often a core that broke down is started again, and after what wait.
// Knows nothing of Workers. Asked by `owner.ts` at every breakdown.

const RESTARTS = 3;
const WINDOW_MS = 30_000;
// The wait doubles, so that a fault that needs a moment (a file not released yet) has passed by the third try.
const FIRST_WAIT_MS = 100;

export class RestartPolicy {
  private recent: number[] = [];

  /** Milliseconds to wait before starting again, or `null`: too many restarts within the window, give up. */
  brokeDown(now: number): number | null {
    this.recent = this.recent.filter((at) => now - at < WINDOW_MS);
    if (this.recent.length >= RESTARTS) return null;
    this.recent.push(now);
    return FIRST_WAIT_MS * 2 ** (this.recent.length - 1);
  }
}
