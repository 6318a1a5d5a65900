// One tab's side of the waist: who owns the core, and how the other tabs reach it.
// Exactly one tab holds the claim of its app; it runs the core. The others send it their calls and hear its
// events. When it goes, the next in line takes over; when it hangs, its Worker lets the store go and whoever asked takes
// the claim.
// Not here: the Worker (`owner.ts`), the browser's own interfaces (`live.ts`). Made by `live.ts`.

import type { Outcome, Topic } from "./gen/types";
import type { TabMessage } from "./messages";
import type { OwnedCore, OwnerListener } from "./owner";
import { mayRepeat } from "./repeatable";
import { type CoreStatus, coreRestarted, type MethodName, type Params, type Reply, RpcFailure } from "./waist";
import type { TopicEvent, Waist } from "./waist";
import { Watched } from "./watched";

/** A question to the owner that is not answered for so long makes it `owner_silent`. */
const SILENT_AFTER_MS = 3_000;
/** A visible follower asks the silent owner's Worker to let the store go after so long, and again so often. */
const TAKE_OVER_AFTER_MS = 6_000;
const ASK_AGAIN_MS = 3_000;
/** A visible follower asks this often whether the owner is still there. */
const HELLO_EVERY_MS = 5_000;
/** The owner must have begun a call by then … */
const TAKE_WITHIN_MS = 10_000;
/** … and this much later the asker gives up waiting to hear that it has. */
const TAKE_GRACE_MS = 2_000;
/** A call the owner began is given up after its silence has lasted so long. */
const TAKEN_SILENCE_MS = 30_000;
const TICK_MS = 1_000;

/** How tabs of one app find each other. */
export interface Peers {
  post(message: TabMessage): void;
  /** Messages of the other tabs, until the returned function is called. */
  listen(hear: (message: TabMessage) => void): () => void;
  /** Asks for ownership. The returned function gives it up, after which neither is called. */
  claim(claim: Claim): () => void;
}

export interface Claim {
  /** It is this tab's now. */
  granted: () => void;
  /** Another tab took it. */
  lost: () => void;
  /** Take it from whoever has it. */
  steal: boolean;
}

export interface TabEnvironment {
  readonly id: string;
  /** `null` where tabs cannot agree on an owner: each then has a core of its own. */
  readonly peers: Peers | null;
  startCore(listener: OwnerListener): OwnedCore;
  /** Milliseconds that nobody can set; each tab counts from its own start. */
  now(): number;
  /** Milliseconds since 1970, the same for every tab at one moment. */
  wall(): number;
  every(ms: number, action: () => void): () => void;
  visible(): boolean;
}

type Seat =
  | { kind: "outside" }
  | { kind: "undecided" }
  | { kind: "owner"; core: OwnedCore }
  | { kind: "follower"; owner: string };

interface Pending {
  id: number;
  request: string;
  repeatable: boolean;
  settle: (outcome: string) => void;
  giveUp: (failure: RpcFailure) => void;
  /** When it was handed to a core; `null` while it waits for one. */
  sentAt: number | null;
  taken: boolean;
}

interface Subscription {
  topics: readonly Topic[];
  heard: Set<Topic>;
  watcher: (event: TopicEvent) => void;
}

const NOTHING_KNOWN: CoreStatus = {
  phase: "starting",
  role: null,
  durability: null,
  persisted: null,
  restarts: 0,
};

export class Tab implements Waist {
  readonly status = new Watched<CoreStatus>(NOTHING_KNOWN);
  private seat: Seat = { kind: "outside" };
  private readonly pending = new Map<number, Pending>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly versions = new Map<Topic, number>();
  private nextId = 1;
  /** The oldest question to the owner that it has not reacted to. */
  private askedAt: number | null = null;
  private lastHello = 0;
  private lastYield = 0;
  private leave: () => void = () => undefined;
  private unclaim: () => void = () => undefined;

  constructor(private readonly environment: TabEnvironment) {}

  call<M extends MethodName>(method: M, params: Params<M>): Promise<Reply<M>> {
    return new Promise<Reply<M>>((resolve, reject) => {
      const call: Pending = {
        id: this.nextId++,
        request: JSON.stringify({ method, params }),
        repeatable: mayRepeat(method),
        settle: (text) => {
          const outcome = JSON.parse(text) as Outcome<Reply<M>>;
          if ("ok" in outcome) resolve(outcome.ok);
          else reject(new RpcFailure(outcome.error));
        },
        giveUp: reject,
        sentAt: null,
        taken: false,
      };
      this.pending.set(call.id, call);
      this.dispatch(call);
    });
  }

  subscribe(topics: readonly Topic[], watcher: (event: TopicEvent) => void): () => void {
    const subscription: Subscription = { topics, heard: new Set(), watcher };
    this.subscriptions.add(subscription);
    // Not before the caller has its handle.
    queueMicrotask(() => {
      for (const [topic, version] of this.versions) {
        if (!subscription.heard.has(topic)) this.tell(subscription, { topic, version, reset: true });
      }
    });
    return () => this.subscriptions.delete(subscription);
  }

  close(): void {
    this.exit();
    this.subscriptions.clear();
    for (const call of [...this.pending.values()]) this.giveUp(call, "the core was closed");
  }

  /** Takes part: claims ownership, and follows whoever has it meanwhile. */
  enter(): void {
    if (this.seat.kind !== "outside") return;
    this.seat = { kind: "undecided" };
    const { peers } = this.environment;
    if (peers === null) return this.becomeOwner();
    const unlisten = peers.listen((message) => this.hear(message));
    this.claim(peers, false);
    const untick = this.environment.every(TICK_MS, () => this.tick());
    this.leave = () => {
      untick();
      unlisten();
      this.unclaim();
    };
    if (this.seat.kind === "undecided") this.sayHello(peers);
  }

  /** Lets go of everything, so that another tab can take over while this one sleeps. `enter` undoes it. */
  exit(): void {
    const { seat } = this;
    this.seat = { kind: "outside" };
    if (seat.kind === "owner") seat.core.stop();
    this.leave();
    this.leave = () => undefined;
    this.status.update(NOTHING_KNOWN);
    this.versions.clear();
    this.askedAt = null;
    this.takeBack();
  }

  /** What the browser answered when asked not to evict the store. */
  setPersisted(persisted: boolean): void {
    this.status.update({ persisted });
    this.announce();
  }

  private claim(peers: Peers, steal: boolean): void {
    this.unclaim();
    this.unclaim = peers.claim({ granted: () => this.becomeOwner(), lost: () => this.stepDown(), steal });
  }

  /** Another tab took over while this one did not answer: from now on this one works through it. */
  private stepDown(): void {
    if (this.seat.kind !== "owner") return;
    this.exit();
    this.enter();
  }

  private becomeOwner(): void {
    if (this.seat.kind === "outside" || this.seat.kind === "owner") return;
    this.versions.clear();
    this.askedAt = null;
    this.takeBack();
    const core = this.environment.startCore({
      status: (status) => {
        // Also called once while the core is stopped on the way out.
        if (this.seat.kind !== "owner") return;
        this.status.update(status);
        this.announce();
      },
      event: (event) => {
        this.environment.peers?.post({ kind: "event", owner: this.environment.id, event });
        this.report(event);
      },
      yielded: () => this.stepDown(),
    });
    this.seat = { kind: "owner", core };
    this.status.update({ role: "owner", phase: "starting", durability: null, restarts: 0 });
    this.announce();
    this.dispatchAll();
  }

  private follow(owner: string): void {
    this.seat = { kind: "follower", owner };
    this.takeBack();
    this.dispatchAll();
  }

  private hear(message: TabMessage): void {
    const me = this.environment.id;
    switch (message.kind) {
      case "hello":
        this.announce();
        break;
      case "call":
        if (message.to === me) this.serve(message);
        break;
      case "here":
        this.hearOwner(message);
        break;
      case "event":
        if (this.isFollowing(message.owner)) this.report(message.event);
        break;
      case "taken": {
        if (message.to !== me) break;
        this.askedAt = null;
        const call = this.pending.get(message.id);
        if (call) call.taken = true;
        break;
      }
      case "reply":
        if (message.to !== me) break;
        this.askedAt = null;
        this.answer(message.id, message.outcome);
        break;
      case "yield":
        // Its Worker hears this too and asks this page, should it be the one meant.
        break;
      case "yielded":
        if (message.to === me) this.takeOver();
        break;
    }
  }

  private takeOver(): void {
    const { peers } = this.environment;
    if (peers === null || this.seat.kind === "owner" || this.seat.kind === "outside") return;
    // What the silent owner never began it will never begin: its Worker is out of work.
    for (const call of this.pending.values()) if (!call.taken) call.sentAt = null;
    this.claim(peers, true);
  }

  private hearOwner(message: Extract<TabMessage, { kind: "here" }>): void {
    if (this.seat.kind === "owner" || this.seat.kind === "outside") return;
    this.askedAt = null;
    this.status.update({ ...message.status, role: "follower" });
    if (this.isFollowing(message.owner)) return;
    this.versions.clear();
    this.follow(message.owner);
    for (const [topic, version] of message.versions) this.report({ topic, version, reset: true });
  }

  private serve(message: Extract<TabMessage, { kind: "call" }>): void {
    const { peers, wall } = this.environment;
    if (this.seat.kind !== "owner" || peers === null || wall() > message.takeBefore) return;
    const { from: to, id } = message;
    const { core } = this.seat;
    peers.post({ kind: "taken", to, id });
    void core.call(message.request).then((outcome) => {
      // A core that was stopped leaves the call to the next owner: the asker knows whether it may be repeated.
      if (this.seat.kind === "owner" && this.seat.core === core) peers.post({ kind: "reply", to, id, outcome });
    });
  }

  private announce(): void {
    if (this.seat.kind !== "owner") return;
    this.environment.peers?.post({
      kind: "here",
      owner: this.environment.id,
      status: this.status.value,
      versions: [...this.versions],
    });
  }

  private dispatch(call: Pending): void {
    const { seat, environment } = this;
    if (seat.kind === "owner") {
      call.sentAt = environment.now();
      void seat.core.call(call.request).then((outcome) => {
        // A core that was stopped leaves the call to whoever has it next, or it was given up.
        if (this.seat === seat) this.answer(call.id, outcome);
      });
    } else if (seat.kind === "follower" && environment.peers) {
      const now = environment.now();
      call.sentAt = now;
      this.askedAt ??= now;
      environment.peers.post({
        kind: "call",
        to: seat.owner,
        from: environment.id,
        id: call.id,
        request: call.request,
        takeBefore: environment.wall() + TAKE_WITHIN_MS,
      });
    }
  }

  private dispatchAll(): void {
    for (const call of [...this.pending.values()]) if (call.sentAt === null) this.dispatch(call);
  }

  /** The core that had the calls is gone: what may be sent again waits for the next one. */
  private takeBack(): void {
    for (const call of [...this.pending.values()]) {
      if (call.sentAt === null) continue;
      if (call.repeatable) Object.assign(call, { sentAt: null, taken: false });
      else this.giveUp(call, "the tab that ran the core was closed");
    }
  }

  private answer(id: number, outcome: string): void {
    const call = this.pending.get(id);
    if (!call || call.sentAt === null) return;
    this.pending.delete(id);
    call.settle(outcome);
  }

  private giveUp(call: Pending, reason: string): void {
    this.pending.delete(call.id);
    call.giveUp(coreRestarted(reason));
  }

  private report(event: TopicEvent): void {
    this.versions.set(event.topic, event.version);
    for (const subscription of [...this.subscriptions]) this.tell(subscription, event);
  }

  private tell(subscription: Subscription, event: TopicEvent): void {
    if (!this.subscriptions.has(subscription) || !subscription.topics.includes(event.topic)) return;
    subscription.heard.add(event.topic);
    subscription.watcher(event);
  }

  private tick(): void {
    const { peers } = this.environment;
    if (peers === null || (this.seat.kind !== "follower" && this.seat.kind !== "undecided")) return;
    const now = this.environment.now();
    if (this.environment.visible() && now - this.lastHello >= HELLO_EVERY_MS) this.sayHello(peers);
    if (this.askedAt !== null && now - this.askedAt >= SILENT_AFTER_MS) {
      // Somebody holds the claim, else this tab would have it.
      this.status.update({ phase: "owner_silent", role: "follower" });
      this.considerTakingOver(peers, now);
    }
    this.expire(now);
  }

  private considerTakingOver(peers: Peers, now: number): void {
    if (this.askedAt === null || !this.environment.visible()) return;
    if (now - this.askedAt < TAKE_OVER_AFTER_MS || now - this.lastYield < ASK_AGAIN_MS) return;
    this.lastYield = now;
    const to = this.seat.kind === "follower" ? this.seat.owner : null;
    peers.post({ kind: "yield", to, from: this.environment.id });
  }

  private expire(now: number): void {
    const silence = this.askedAt === null ? 0 : now - this.askedAt;
    for (const call of [...this.pending.values()]) {
      if (call.sentAt === null) continue;
      const untaken = !call.taken && now - call.sentAt > TAKE_WITHIN_MS + TAKE_GRACE_MS;
      const abandoned = call.taken && silence > TAKEN_SILENCE_MS;
      if (untaken || abandoned) this.giveUp(call, "the tab that runs the core does not answer");
    }
  }

  private sayHello(peers: Peers): void {
    this.lastHello = this.environment.now();
    this.askedAt ??= this.lastHello;
    peers.post({ kind: "hello" });
  }

  private isFollowing(owner: string): boolean {
    return this.seat.kind === "follower" && this.seat.owner === owner;
  }
}
