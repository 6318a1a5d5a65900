// The one Worker: loads the core's WebAssembly, opens the store and carries out calls.
// Not here: restarts (`owner.ts`), tabs. A breakdown is reported once and then this Worker is ended from outside.
// Started by `live.ts`; the first message is `open`.

import { steadyNow } from "../stopwatch";
import type { Durability, Event as CoreEvent } from "./gen/types";
import type { FromWorker, TabMessage, ToWorker } from "./messages";
import { openSecrets, passingSecrets } from "./store-key";
import moduleUrl from "./wasm/shenhai_web_bg.wasm?url";
import init, { onPanic, open, type WebCore, type WebSubscription } from "./wasm/shenhai_web";

/** A page that is being left holds its files a moment longer: no need to alarm anybody before that. */
const BUSY_GRACE_MS = 5_000;
const RETRY_SOON_MS = 100;
const RETRY_LATER_MS = 1_000;
/** A page that is awake answers within this. */
const PAGE_ANSWERS_WITHIN_MS = 1_500;

// The page's own library of types is the DOM's; of a Worker's scope this file needs no more than this.
interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
  addEventListener(type: "messageerror", listener: () => void): void;
  addEventListener(type: "error", listener: (event: ErrorEvent) => void): void;
  addEventListener(type: "unhandledrejection", listener: (event: PromiseRejectionEvent) => void): void;
}
const scope = self as unknown as WorkerScope;

interface Opened {
  core: WebCore;
  durability: Durability;
}

/** Holds the subscription too: it ends when its handle is collected. */
interface Running extends Opened {
  following: WebSubscription;
}

let running: Running | null = null;
/** The store goes, or went, to another tab. */
let yielding = false;
let pageIsAwake: () => void = () => undefined;

scope.addEventListener("message", ({ data }) => {
  if (data.kind === "ping") scope.postMessage({ kind: "alive" });
  else if (data.kind === "stay") pageIsAwake();
  else if (yielding) return;
  else if (data.kind === "open") start(data).catch(broken);
  else rpc(data.id, data.request).catch(broken);
});
scope.addEventListener("messageerror", () => broken("a message could not be read"));
scope.addEventListener("error", (event) => broken(event.message));
scope.addEventListener("unhandledrejection", (event) => broken(event.reason));

function broken(reason: unknown): void {
  scope.postMessage({ kind: "broken", message: textOf(reason) });
}

async function start(order: Extract<ToWorker, { kind: "open" }>): Promise<void> {
  if (order.seat !== null) heedOtherTabs(order.seat.tab, order.seat.channel);
  await init({ module_or_path: order.module?.arrayBuffer() ?? moduleUrl });
  // The trap that follows a panic says only "unreachable"; this says where and why.
  onPanic((message: string) => broken(message));
  const { core, durability } = await openStore(order);
  if (yielding) return core.close();
  scope.postMessage({ kind: "opened", durability });
  const following = core.subscribe((text) => {
    const { topic, version } = JSON.parse(text) as CoreEvent;
    scope.postMessage({ kind: "event", topic, version });
  });
  running = { core, durability, following };
}

/**
 * A page that hangs cannot pass its tab's role on; this Worker, which runs beside it, can. It does so only for a tab that
 * asks and only when its own page does not answer either.
 */
function heedOtherTabs(tab: string, name: string): void {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind !== "yield" || (data.to ?? tab) !== tab || yielding) return;
    // What lies in memory alone cannot be handed on.
    if (running?.durability === "best_effort") return;
    const timer = setTimeout(() => {
      yielding = true;
      letGo()
        .then(() => {
          channel.postMessage({ kind: "yielded", owner: tab, to: data.from } satisfies TabMessage);
          scope.postMessage({ kind: "yielded" });
        })
        .catch(broken);
    }, PAGE_ANSWERS_WITHIN_MS);
    pageIsAwake = () => clearTimeout(timer);
    scope.postMessage({ kind: "asked_to_yield" });
  });
}

async function letGo(): Promise<void> {
  running?.following.free();
  await running?.core.close();
  running = null;
}

async function rpc(id: number, request: string): Promise<void> {
  if (running === null) throw new Error("called before the store was open");
  scope.postMessage({ kind: "reply", id, outcome: await running.core.rpc(request) });
}

/** Tries until it succeeds. Memory is used only where the browser has no lasting place at all. */
async function openStore(order: Extract<ToWorker, { kind: "open" }>): Promise<Opened> {
  const began = steadyNow();
  let told = "";
  for (;;) {
    try {
      return await openOnce(order);
    } catch (error) {
      if (yielding) return new Promise(() => undefined);
      if (error instanceof WebAssembly.RuntimeError) throw error;
      const name = error instanceof Error ? error.name : "";
      const inUse = name === "InUse";
      const passing = inUse && steadyNow() - began < BUSY_GRACE_MS;
      const message = textOf(error);
      if (!passing && message !== told) {
        scope.postMessage({ kind: "not_opened", phase: phaseOf(name), message });
        told = message;
      }
      await new Promise((resolve) => setTimeout(resolve, passing ? RETRY_SOON_MS : RETRY_LATER_MS));
    }
  }
}

/** `name`: of the error that kept the store shut. */
function phaseOf(name: string): "store_busy" | "store_full" | "store_failed" {
  if (name === "InUse") return "store_busy";
  return name === "Full" || name === "QuotaExceededError" ? "store_full" : "store_failed";
}

async function openOnce(order: Extract<ToWorker, { kind: "open" }>): Promise<Opened> {
  const config = { gateway_url: order.gatewayUrl, app: order.app, device_name: order.deviceName };
  const secrets = (await hasFiles()) ? await openSecrets(order.app) : null;
  if (secrets !== null) {
    return { core: await open(JSON.stringify({ ...config, storage: "opfs" }), secrets), durability: "durable" };
  }
  // Nothing outlives the page, so neither need its secrets.
  const core = await open(JSON.stringify({ ...config, storage: "memory" }), passingSecrets());
  return { core, durability: "best_effort" };
}

/** Whether this browser has the origin's private files with synchronous access, and lets this page at them. */
async function hasFiles(): Promise<boolean> {
  if (typeof FileSystemFileHandle === "undefined") return false;
  if (!("createSyncAccessHandle" in FileSystemFileHandle.prototype)) return false;
  if (typeof navigator.storage?.getDirectory !== "function") return false;
  try {
    await navigator.storage.getDirectory();
    return true;
  } catch (error) {
    // Private windows of some browsers refuse for good. Any other failure may pass: the store stays where it is.
    if (error instanceof DOMException && error.name === "SecurityError") return false;
    throw error;
  }
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
}
