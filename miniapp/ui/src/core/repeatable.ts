// Which calls may be sent a second time when nobody knows whether the first was done.
// Not here: which those are (the core says it of each method, `gen/methods.ts`), nor what is allowed.
// Used by `tab.ts` when the tab that owned the core goes away, and by `owner.ts` when the core lost its storage.

import { REPEATABLE } from "./gen/methods";
import type { MethodName } from "./waist";

export function mayRepeat(method: MethodName): boolean {
  return REPEATABLE[method];
}

/** The same of a request that is text already; a text that is none is nobody's to repeat. */
export function mayRepeatRequest(request: string): boolean {
  try {
    const { method } = JSON.parse(request) as { method: MethodName };
    return REPEATABLE[method];
  } catch {
    return false;
  }
}
