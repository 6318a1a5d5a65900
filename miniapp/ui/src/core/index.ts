// Opens the core for a page. Exactly one tab per app owns the store (`owner.ts`, one Worker); every other
// tab sends its calls there (`tab.ts`). `live.ts` ties both to the browser.
// Not here: business rules (they are in the core), texts, anything of Vue.
// Called once by each entry.

import { openTab } from "./live";
import type { App, Waist } from "./waist";

export * from "./waist";
export type * from "./gen/types";

/** Resolves at once; the calls wait until the core is up. Watch `status` for how that goes. */
export async function openCore(options: { app: App }): Promise<Waist> {
  return openTab(options.app);
}
