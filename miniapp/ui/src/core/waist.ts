// The waist as a page sees it: call, subscribe, status. Types and the one error class only.
// Not here: tabs, the Worker, the store (see `index.ts` for who does what).
// Used by every page and by the rest of this folder.

import type { Durability, ErrorCode, FormIssue, Methods, RpcError, Topic } from "./gen/types";

/** Which page opens the core. Each has its own store, its own session and its own owner tab. */
export type App = "hotline" | "desk" | "cases";

export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Methods[M]["params"];
export type Reply<M extends MethodName> = Methods[M]["reply"];

/** Something of this topic changed: fetch it anew. */
export interface TopicEvent {
  topic: Topic;
  /** Counts up while one core lives; starts again with a new one. */
  version: number;
  /** Sent for every followed topic at the start and after the core was restarted: forget what you knew. */
  reset: boolean;
}

/** What the core is doing. Calls made in any phase but `failed` wait for `ready`. */
export type Phase =
  /** Loading the program and opening the store. */
  | "starting"
  /** Answering. */
  | "ready"
  /** Owes an answer and gives no sign of life; started again if that lasts. */
  | "unresponsive"
  /** The core broke down and is being started again; the calls under way were answered `core_restarted`. */
  | "restarting"
  /** The store on disk is held by something else. Opening is tried again and again. */
  | "store_busy"
  /** There is no room on the disk to open the store. Opening is tried again and again. */
  | "store_full"
  /** The store on disk cannot be opened for another reason. Opening is tried again and again. */
  | "store_failed"
  /** Another tab owns the store and does not answer (the browser may have put it to sleep). */
  | "owner_silent"
  /** The core broke down too often and was given up: reload the page. */
  | "failed";

export interface CoreStatus {
  phase: Phase;
  /** `owner`: this tab runs the core. `follower`: another tab does. `null`: not known yet. */
  role: "owner" | "follower" | null;
  /** How safe unsent work is here; `null` until the store is open. */
  durability: Durability | null;
  /** Whether the browser promised not to evict the store; `null` while not known. */
  persisted: boolean | null;
  /** How often the core was restarted after a breakdown since the owner tab was opened. */
  restarts: number;
}

/** A value that can be watched. */
export interface Observable<T> {
  readonly value: T;
  /** Calls `watcher` now and after every change, until the returned function is called. */
  watch(watcher: (value: T) => void): () => void;
}

export interface Waist {
  readonly status: Observable<CoreStatus>;
  /** One request. Rejects with {@link RpcFailure}, and with nothing else. */
  call<M extends MethodName>(method: M, params: Params<M>): Promise<Reply<M>>;
  /** Follow topics until the returned function is called. Every topic is reported once at the start. */
  subscribe(topics: readonly Topic[], watcher: (event: TopicEvent) => void): () => void;
  /** Give up the store and stop. Calls under way are answered `core_restarted`. */
  close(): void;
}

/** A call that was not done. */
export class RpcFailure extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly issues: readonly FormIssue[];

  constructor(error: RpcError) {
    super(error.message);
    this.name = "RpcFailure";
    this.code = error.code;
    this.retryable = error.retryable;
    this.issues = error.issues;
  }
}

/** The answer of a call whose core went away: it may or may not have been done, so look before trying again. */
export function coreRestarted(message: string): RpcFailure {
  return new RpcFailure({ code: "core_restarted", retryable: true, message, issues: [] });
}
