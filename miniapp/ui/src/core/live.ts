// Ties a tab to the browser: Web Locks, BroadcastChannel, the Worker, the page's life and the network's.
// Not here: any decision (`tab.ts`, `owner.ts`).
// Called by `index.ts`.

import { steadyNow, wallNow } from "../stopwatch";
import type { FromWorker, TabMessage, ToWorker } from "./messages";
import { OwnedCore, type OwnerListener, type WorkerPort } from "./owner";
import { keepProgram, startWorker } from "./program";
import { type Peers, Tab } from "./tab";
import type { App, Waist } from "./waist";

export function openTab(app: App): Waist {
  const id = randomId();
  const channel = `shenhai-core-${app}`;
  const peers = livePeers(channel);
  const seat = peers === null ? null : { tab: id, channel };
  const tab = new Tab({
    id,
    peers,
    startCore: (listener: OwnerListener) =>
      new OwnedCore({ spawn: (hear) => spawnWorker({ app, seat }, hear), now: steadyNow, after, every }, listener),
    now: steadyNow,
    wall: wallNow,
    every,
    visible: () => document.visibilityState === "visible",
  });
  tellNetwork(tab);
  askToPersist(tab);
  tab.status.watch(({ phase }) => {
    if (phase === "ready") void keepProgram();
  });
  // A page kept in the back/forward cache would keep the claim and the files while it sleeps.
  window.addEventListener("pagehide", (event) => {
    if (event.persisted) tab.exit();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) tab.enter();
  });
  // So would a page that the browser puts to sleep where it stands.
  document.addEventListener("freeze", () => tab.exit());
  document.addEventListener("resume", () => tab.enter());
  tab.enter();
  return tab;
}

/** `null` where the browser lacks either part, or keeps this page away from them. */
function livePeers(name: string): Peers | null {
  const { locks } = navigator as { locks?: LockManager };
  if (!locks || typeof BroadcastChannel === "undefined") return null;
  const channel = new BroadcastChannel(name);
  return {
    post: (message) => channel.postMessage(message),
    listen(hear) {
      const listener = (event: MessageEvent<TabMessage>) => hear(event.data);
      channel.addEventListener("message", listener);
      return () => channel.removeEventListener("message", listener);
    },
    claim({ granted, lost, steal }) {
      const waiting = new AbortController();
      let over = false;
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      // A request that steals cannot be called off, nor need it be: it never waits.
      const how = steal ? { steal } : { signal: waiting.signal };
      locks
        .request(name, how, () => {
          if (!over) granted();
          return held;
        })
        .catch(() => over || lost()); // Called off while waiting, or taken by another tab.
      return () => {
        over = true;
        waiting.abort();
        release();
      };
    },
  };
}

type Seated = Pick<Extract<ToWorker, { kind: "open" }>, "app" | "seat">;

function spawnWorker(seated: Seated, hear: (message: FromWorker) => void): WorkerPort {
  const { worker, module } = startWorker();
  const post = (message: ToWorker) => worker.postMessage(message);
  worker.addEventListener("message", (event: MessageEvent<FromWorker>) => {
    if (event.data.kind === "broken" || event.data.kind === "not_opened") report(event.data.message);
    hear(event.data);
  });
  worker.addEventListener("error", (event) => {
    report(event.message);
    hear({ kind: "broken", message: event.message || "the worker failed" });
  });
  worker.addEventListener("messageerror", () => hear({ kind: "broken", message: "a message could not be read" }));
  post({ kind: "open", ...seated, module, gatewayUrl: location.origin, deviceName: deviceName() });
  return { post, terminate: () => worker.terminate() };
}

/** For whoever looks into a browser's console: why the core stands still. Never holds what a person typed. */
function report(message: string): void {
  console.error("core:", message);
}

function tellNetwork(tab: Tab): void {
  const tell = () => {
    const { role, phase } = tab.status.value;
    // The answer is of no interest: `sync` events tell the page what came of it.
    if (role === "owner" && phase === "ready") tab.call("network.hint", { online: navigator.onLine }).catch(() => undefined);
  };
  window.addEventListener("online", tell);
  window.addEventListener("offline", tell);
  tab.status.watch(onChange("phase", tell));
}

/** Once per page, by the tab that owns a durable store. */
function askToPersist(tab: Tab): void {
  const { storage } = navigator as { storage?: StorageManager };
  let asked = false;
  tab.status.watch(({ role, durability }) => {
    if (asked || role !== "owner" || durability !== "durable" || typeof storage?.persist !== "function") return;
    asked = true;
    storage.persist().then(
      (persisted) => tab.setPersisted(persisted),
      () => tab.setPersisted(false),
    );
  });
}

/** A watcher that acts only when the field has changed. */
function onChange<T, K extends keyof T>(field: K, action: () => void): (value: T) => void {
  let last: T[K] | undefined;
  return (value) => {
    if (value[field] === last) return;
    last = value[field];
    action();
  };
}

/** What the desk shows as the device's name, for example `Chrome · Android`. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const first = (names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = first([
    [/wxwork|MicroMessenger/i, "随申办政务云"],
    [/Edg\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ]);
  const system = first([
    [/HarmonyOS|OpenHarmony/, "HarmonyOS"],
    [/Android/, "Android"],
    [/iPhone|iPad/, "iOS"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "macOS"],
    [/Linux/, "Linux"],
  ]);
  return [browser, system].filter((part) => part !== undefined).join(" · ") || "browser";
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}

function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
}
