// The running core of the owner tab: one Worker, its calls, and its restart after a breakdown of its own or of the
// storage below it.
// Not here: which tab is the owner (`tab.ts`), what a call means.
// Made by `tab.ts` when the tab becomes the owner.

import type { ErrorCode, Outcome, SyncStatus, Topic } from "./gen/types";
import { coreRestartedOutcome, type FromWorker, type ToWorker } from "./messages";
import { mayRepeatRequest } from "./repeatable";
import { ReopenPolicy, RestartPolicy } from "./restart-policy";
import type { CoreStatus, TopicEvent } from "./waist";

/** How often a Worker that owes an answer is asked whether it is stuck … */
const PING_EVERY_MS = 3_000;
/** … how many pings in a row are unheard when that is worth a word … */
const WORTH_SAYING = 3;
/** … and how many may be. Counted, not timed: a laptop's sleep is not the Worker's fault. */
const UNHEARD_PINGS = 6;

/** The Worker as this file needs it. */
export interface WorkerPort {
  post(message: ToWorker): void;
  terminate(): void;
}

export interface OwnerEnvironment {
  /** Starts a Worker that has been told to open the store. A breakdown outside it arrives as `broken` too. */
  spawn(listener: (message: FromWorker) => void): WorkerPort;
  now(): number;
  /** Runs `action` after `ms`; the returned function calls it off. */
  after(ms: number, action: () => void): () => void;
  /** Runs `action` every `ms` until the returned function is called. */
  every(ms: number, action: () => void): () => void;
}

export type OwnerStatus = Pick<CoreStatus, "phase" | "durability" | "restarts">;

export interface OwnerListener {
  status(status: OwnerStatus): void;
  event(event: TopicEvent): void;
  /** The Worker let the store go for another tab, which takes over. */
  yielded(): void;
}

interface Call {
  request: string;
  answer: (outcome: string) => void;
  /** Sent again already because the storage failed under it. */
  again: boolean;
}

/** Before the storage is opened anew, milliseconds: the old Worker's hold on the files has to end. */
const REOPEN_AFTER_MS = 100;
const STORE_FAILED: ErrorCode = "store_failed";

/** Whether this outcome says that the storage failed, under the call itself or under the synchronisation. */
function tellsOfLostStorage(text: string): boolean {
  if (!text.includes(STORE_FAILED)) return false;
  const outcome = JSON.parse(text) as Outcome<Partial<SyncStatus> | null>;
  if ("error" in outcome) return outcome.error.code === STORE_FAILED;
  return outcome.ok?.last_error === STORE_FAILED;
}

export class OwnedCore {
  private readonly policy = new RestartPolicy();
  private readonly reopening = new ReopenPolicy();
  private worker: WorkerPort | null = null;
  private opened = false;
  private status: OwnerStatus = { phase: "starting", durability: null, restarts: 0 };
  private nextId = 1;
  /** Not given to a Worker yet: nothing of them was done, so they outlive a restart. */
  private waiting: Call[] = [];
  private readonly underWay = new Map<number, Call>();
  private readonly reported = new Set<Topic>();
  private callOffRestart: () => void = () => undefined;
  private readonly stopPings: () => void;
  private unheard = 0;

  constructor(
    private readonly environment: OwnerEnvironment,
    private readonly listener: OwnerListener,
  ) {
    this.stopPings = environment.every(PING_EVERY_MS, () => this.ping());
    this.start();
  }

  /** The outcome as text. Always resolves; a breakdown on the way gives `core_restarted`. */
  call(request: string): Promise<string> {
    return new Promise((answer) => {
      const call = { request, answer, again: false };
      if (this.status.phase === "failed") answer(coreRestartedOutcome("the core was given up"));
      else if (this.opened) this.send(call);
      else this.waiting.push(call);
    });
  }

  stop(): void {
    this.callOffRestart();
    this.stopPings();
    this.endWorker();
    this.change({ phase: "failed" });
    this.answerAll(this.waiting.splice(0), "the core was closed");
  }

  private start(): void {
    let current = true;
    const port = this.environment.spawn((message) => {
      // A Worker that broke down may still have messages on the way.
      if (current) this.hear(message);
    });
    this.worker = {
      post: (message) => port.post(message),
      terminate: () => {
        current = false;
        port.terminate();
      },
    };
  }

  private ping(): void {
    if (!this.opened || this.underWay.size === 0) {
      this.unheard = 0;
      return;
    }
    if (this.unheard === UNHEARD_PINGS) return this.recover("the worker is stuck");
    this.unheard += 1;
    this.worker?.post({ kind: "ping" });
    if (this.unheard === WORTH_SAYING) this.change({ phase: "unresponsive" });
  }

  private hear(message: FromWorker): void {
    this.unheard = 0;
    if (this.status.phase === "unresponsive") this.change({ phase: "ready" });
    switch (message.kind) {
      case "opened":
        this.opened = true;
        this.reported.clear();
        this.change({ phase: "ready", durability: message.durability });
        for (const call of this.waiting.splice(0)) this.send(call);
        break;
      case "not_opened":
        this.change({ phase: message.phase });
        break;
      case "reply":
        // The files this Worker holds do not come back by themselves; a new one opens them anew.
        // What lies in memory alone would be gone with it.
        if (this.status.durability === "durable" && tellsOfLostStorage(message.outcome) && this.mayReopen()) this.reopen();
        else this.reply(message.id, message.outcome);
        break;
      case "event": {
        const reset = !this.reported.has(message.topic);
        this.reported.add(message.topic);
        this.listener.event({ topic: message.topic, version: message.version, reset });
        break;
      }
      case "alive":
        break;
      case "asked_to_yield":
        this.worker?.post({ kind: "stay" });
        break;
      case "yielded":
        this.listener.yielded();
        break;
      case "broken":
        this.recover(message.message);
        break;
    }
  }

  private mayReopen(): boolean {
    return this.reopening.failed(this.environment.now());
  }

  private reply(id: number, outcome: string): void {
    this.underWay.get(id)?.answer(outcome);
    this.underWay.delete(id);
  }

  /** What may be said twice is said again to the next Worker, once: the person notices nothing. */
  private reopen(): void {
    for (const [id, call] of [...this.underWay]) {
      if (call.again || !mayRepeatRequest(call.request)) continue;
      this.underWay.delete(id);
      this.waiting.push({ ...call, again: true });
    }
    this.endWorker("the storage failed");
    this.startAfter(REOPEN_AFTER_MS);
  }

  private startAfter(wait: number): void {
    this.change({ phase: "restarting", restarts: this.status.restarts + 1 });
    this.callOffRestart = this.environment.after(wait, () => this.start());
  }

  private recover(reason: string): void {
    this.endWorker(reason);
    const wait = this.policy.brokeDown(this.environment.now());
    if (wait === null) {
      this.stopPings();
      this.change({ phase: "failed" });
      this.answerAll(this.waiting.splice(0), "the core was given up");
      return;
    }
    this.startAfter(wait);
  }

  private endWorker(reason = "the core was closed"): void {
    this.worker?.terminate();
    this.worker = null;
    this.opened = false;
    this.unheard = 0;
    const calls = [...this.underWay.values()];
    this.underWay.clear();
    this.answerAll(calls, reason);
  }

  private send(call: Call): void {
    const id = this.nextId++;
    this.underWay.set(id, call);
    this.worker?.post({ kind: "rpc", id, request: call.request });
  }

  private answerAll(calls: Call[], reason: string): void {
    const outcome = coreRestartedOutcome(reason);
    for (const call of calls) call.answer(outcome);
  }

  private change(changes: Partial<OwnerStatus>): void {
    this.status = { ...this.status, ...changes };
    this.listener.status(this.status);
  }
}
