// How often a core that broke down, or whose storage did, is started again, and after what wait.
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

// A storage that is back gives no second reason for long. One that fails again and again (a disk with a defect) is
// not mended by restarting, and a core that answers from what it has read is worth more than one that starts.
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 60_000;

/** Restarts that open the storage anew. There is no end to them, only longer pauses between. */
export class ReopenPolicy {
  private last: number | null = null;
  private pause = FIRST_PAUSE_MS;

  /** Whether to restart now because the storage failed. */
  failed(now: number): boolean {
    const since = this.last === null ? Infinity : now - this.last;
    if (since < this.pause) return false;
    this.pause = since > 2 * LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    this.last = now;
    return true;
  }
}
