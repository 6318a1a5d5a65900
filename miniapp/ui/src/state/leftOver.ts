// What a form page could not keep when it had to go: typed answers wait here, in this page's memory alone, until the
// same person opens the same form again.
// Not here: keeping drafts (formDraft.ts). Cleared when somebody signs out.

export interface Left<F> {
  form: F;
  /** What was last known to be kept. */
  base: F;
  /** Fields answered on the page. */
  answered: readonly string[];
}

export interface LeftOver<F> {
  take(): Left<F> | undefined;
  keep(left: Left<F>): void;
  forget(): void;
}

const all = new Map<string, Left<unknown>>();

/** `name` says whose, of which order and which form. */
export function leftOver<F>(name: string): LeftOver<F> {
  return {
    take: () => all.get(name) as Left<F> | undefined,
    keep: (left) => void all.set(name, left),
    forget: () => void all.delete(name),
  };
}

/** Nobody's any more. */
export function forgetLeftOvers(): void {
  all.clear();
}
