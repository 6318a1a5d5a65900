// Registers the service worker that lets the pages open without a network (built by offline-shell.ts).
// Not here: data; the core keeps those. Called once by each entry.

/** Where service workers are missing the page works all the same, but cannot be opened or reloaded offline. */
export function keepShellOffline(): void {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  navigator.serviceWorker.register("/sw.js").catch((reason: unknown) => {
    console.warn("the page cannot be opened offline:", reason);
  });
}
