// What a form being filled in needs of the browser: to be alone with its draft among the tabs for a moment, and to be
// asked before the page is loaded anew.
// Not here: drafts (formDraft.ts). Used by it and by whoever reloads the page.

/** A tab that hangs while it is alone with a draft must not stop the others for longer, milliseconds. */
const PATIENCE = 2_000;

/** Do this while no other tab does anything under the same name, as far as the browser can arrange it. */
export async function alone(name: string, work: () => Promise<void>): Promise<void> {
  const locks = (globalThis.navigator as { locks?: LockManager } | undefined)?.locks;
  if (locks === undefined) return work();
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE);
  let begun = false;
  try {
    await locks.request(`shenhai-draft ${name}`, { signal: waiting.signal }, () => {
      clearTimeout(timer);
      begun = true;
      return work();
    });
  } catch (failure) {
    if (begun) throw failure;
    await work();
  } finally {
    clearTimeout(timer);
  }
}

const asked = new Set<() => Promise<void>>();

/** `keep` is waited for before this page is loaded anew, until the returned function is called. */
export function beforeReload(keep: () => Promise<void>): () => void {
  asked.add(keep);
  return () => asked.delete(keep);
}

/** Longest wait for what is still to be kept, milliseconds. */
const KEEPING = 3_000;

/** Load the page anew once everything typed is kept, or cannot be for now, and `then` is done. */
export async function reloadPage(then: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const kept = Promise.allSettled([...asked].map((keep) => keep()));
  await Promise.race([kept, new Promise((resolve) => setTimeout(resolve, KEEPING))]);
  await then();
  location.reload();
}
