// The opened core, given by an entry to everything below it.
// Not here: opening it (each entry's main.ts), its types (@core). Used by stores, parts and pages.

import { inject, type App, type InjectionKey } from "vue";
import type { Waist } from "@core";

const KEY: InjectionKey<Waist> = Symbol("waist");

export function provideWaist(app: App, waist: Waist): void {
  app.provide(KEY, waist);
}

export function useWaist(): Waist {
  const waist = inject(KEY);
  if (!waist) throw new Error("no core was provided to this app");
  return waist;
}
