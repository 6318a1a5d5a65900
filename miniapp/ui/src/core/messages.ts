// What the parts of one running core say to each other: page ↔ Worker, and tab ↔ tab.
// Types only. A request and its answer stay JSON text all the way; only the asking page parses the answer.
// Used by `owner.ts`, `worker.ts` and `tab.ts`.

import type { Durability, Outcome, Topic } from "./gen/types";
import type { App, CoreStatus, TopicEvent } from "./waist";

/** Page → Worker. The first message is `open`; calls follow once the Worker said `opened`. */
export type ToWorker =
  | {
      kind: "open";
      app: App;
      gatewayUrl: string;
      deviceName: string;
      /** The tab this Worker belongs to and the channel of the tabs; `null` where there is none. */
      seat: { tab: string; channel: string } | null;
      /** The core's WebAssembly; `null`: fetch it. */
      module: Blob | null;
    }
  | { kind: "rpc"; id: number; request: string }
  /** The page is awake: the Worker keeps the store. Answers `asked_to_yield`. */
  | { kind: "stay" }
  /** Answered `alive` at once, unless the Worker is stuck. */
  | { kind: "ping" };

/** Worker → page. */
export type FromWorker =
  | { kind: "opened"; durability: Durability }
  /** The store could not be opened yet; the Worker keeps trying. */
  | { kind: "not_opened"; phase: "store_busy" | "store_full" | "store_failed"; message: string }
  | { kind: "reply"; id: number; outcome: string }
  | { kind: "event"; topic: Topic; version: number }
  | { kind: "alive" }
  /** Another tab says that this page does not answer. */
  | { kind: "asked_to_yield" }
  /** The store was let go for another tab; this Worker does nothing any more. */
  | { kind: "yielded" }
  /** Nothing this Worker says or holds can be trusted any more: end it. */
  | { kind: "broken"; message: string };

/** Tab ↔ tab, on one channel per app. `to` and `owner` are tab ids. */
export type TabMessage =
  /** Who owns the core, and does it answer? */
  | { kind: "hello" }
  | { kind: "here"; owner: string; status: CoreStatus; versions: [Topic, number][] }
  /** The owner must not begin the call after `takeBefore` (milliseconds since 1970): the asker gives it up then. */
  | { kind: "call"; to: string; from: string; id: number; request: string; takeBefore: number }
  /** The owner has begun the call. */
  | { kind: "taken"; to: string; id: number }
  | { kind: "reply"; to: string; id: number; outcome: string }
  | { kind: "event"; owner: string; event: TopicEvent }
  /** To the Worker of a tab that does not answer (`null`: whichever has the store): let it go, the sender takes over. */
  | { kind: "yield"; to: string | null; from: string }
  /** From that Worker: it did. */
  | { kind: "yielded"; owner: string; to: string };

/** The outcome, as text, of a call whose core went away. */
export function coreRestartedOutcome(message: string): string {
  const outcome: Outcome<never> = { error: { code: "core_restarted", retryable: true, message, issues: [] } };
  return JSON.stringify(outcome);
}
