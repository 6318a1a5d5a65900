// Whether the server has another build of this page than the one that is open, and changing over to it.
// Not here: the service worker (built by offline-shell.ts), the notice (notices.ts). Started once by each entry.

import { readonly, ref } from "vue";
import { reloadPage } from "./draftTabs";
import { wallNow } from "../stopwatch";

/** A visible page asks this often, milliseconds. The answer is the page itself, about 1 KB. */
const ASK_EVERY = 60_000;
/** Longest wait for the new service worker to take its place, milliseconds. */
const CHANGE_OVER = 3_000;

const offered = ref(false);

/** Loading the page anew brings another build. */
export const newBuild = readonly(offered);

/** The entry script a page's HTML names; its name says its content. */
export function entryOf(html: string): string | null {
  return /<script[^>]*\ssrc="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? null;
}

const registration = async () =>
  "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration() : undefined;

async function entryAt(address: string): Promise<string | null> {
  const answer = await fetch(address, { cache: "no-store" });
  return answer.ok ? entryOf(await answer.text()) : null;
}

/** `own`: the entry script of the page that is open. */
async function ask(own: string): Promise<void> {
  // No service worker knows this address, so the server answers.
  const there = await entryAt(`${location.pathname}?asked=${wallNow()}`);
  if (there === null || there === own) return;
  const shell = await registration();
  await shell?.update();
  if (shell?.installing) await installed(shell.installing);
  // Until the new files are all on the device a reload would bring the old ones once more.
  offered.value = Boolean(shell?.waiting) || (await entryAt(location.pathname)) !== own;
}

/** All its files are on the device, or it gave up. */
function installed(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state !== "installing") resolve();
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

export function watchForNewBuild(): void {
  const own = entryOf(document.documentElement.outerHTML);
  if (own === null || !import.meta.env.PROD) return;
  let asking = false;
  const look = async () => {
    if (asking || document.hidden || offered.value) return;
    asking = true;
    // Without a network there is nothing new.
    await ask(own).catch(() => undefined);
    asking = false;
  };
  setInterval(() => void look(), ASK_EVERY);
  for (const event of ["online", "focus"]) window.addEventListener(event, () => void look());
  document.addEventListener("visibilitychange", () => void look());
}

/** What is typed is kept first. */
export async function changeOver(): Promise<void> {
  const waiting = (await registration())?.waiting;
  if (!waiting) return reloadPage();
  await reloadPage(async () => {
    const changed = new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true }),
    );
    waiting.postMessage({ type: "SKIP_WAITING" });
    await Promise.race([changed, new Promise((resolve) => setTimeout(resolve, CHANGE_OVER))]);
  });
}
