// The server's time as the core last told it, running on by the page's own stopwatch, so that a wrong or changed
// device clock never moves a countdown.
// Not here: deadlines (core). Used by the countdowns and the date fields; fed by whoever gets a `now`.

import { onScopeDispose, ref, type Ref } from "vue";
import { steadyNow, wallNow } from "../stopwatch";

interface Anchor {
  server: number;
  stopwatch: number;
}

let anchor: Anchor | null = null;

/** Tell the clock what the core said `now` is. */
export function setServerNow(server: number): void {
  anchor = { server, stopwatch: steadyNow() };
  beat();
}

/** Until the core says more: the device's clock put right by how far off it was last seen. */
export function seedServerNow(skewMillis: number): void {
  if (anchor === null) setServerNow(wallNow() - skewMillis);
}

/** Server time, milliseconds; the device's own until the core has said anything. */
export function serverNow(): number {
  return anchor === null ? wallNow() : anchor.server + (steadyNow() - anchor.stopwatch);
}

const now = ref(serverNow());
let users = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function beat(): void {
  now.value = serverNow();
}

/** Server time that ticks every second while the calling component lives. */
export function useServerNow(): Readonly<Ref<number>> {
  users += 1;
  if (timer === undefined) timer = setInterval(beat, 1000);
  beat();
  onScopeDispose(() => {
    users -= 1;
    if (users === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  });
  return now;
}
