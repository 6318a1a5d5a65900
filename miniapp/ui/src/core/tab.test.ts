// What several tabs of one browser see, with the browser replaced by a room in memory and a clock moved by hand.

import { describe, expect, test } from "vitest";
import type { FromWorker, TabMessage, ToWorker } from "./messages";
import { OwnedCore } from "./owner";
import { Tab, type Claim, type Peers } from "./tab";
import { RpcFailure, type TopicEvent } from "./waist";

/** A clock, timers and one Web Lock shared by every tab. */
class Browser {
  now = 1_000_000;
  /** The wall clock as somebody set it. */
  ahead = 0;
  private timers: { at: number; every: number | null; action: () => void }[] = [];
  private listeners = new Map<string, (message: TabMessage) => void>();
  private queue: { id: string; claim: Claim }[] = [];
  /** Tabs the browser put to sleep: they hold the lock, hear nothing and say nothing, and so do their Workers. */
  asleep = new Set<string>();
  /** Tabs busy with something: as above, but their Workers run beside them. What they heard waits. */
  busy = new Set<string>();
  private waiting: { id: string; deliver: () => void }[] = [];
  workers: FakeWorker[] = [];

  open(id: string): Tab {
    const peers: Peers = {
      post: (message) => {
        if (this.asleep.has(id) || this.busy.has(id)) return;
        for (const [other, hear] of [...this.listeners]) {
          if (other === id || this.asleep.has(other)) continue;
          if (message.kind === "yield") this.workerOf(other)?.hearTab(message);
          this.whenFree(other, () => hear(structuredClone(message)));
        }
      },
      listen: (hear) => {
        this.listeners.set(id, hear);
        return () => this.listeners.delete(id);
      },
      claim: (claim) => {
        const entry = { id, claim };
        if (claim.steal) {
          const robbed = this.queue.shift();
          this.queue.unshift(entry);
          if (robbed) this.whenFree(robbed.id, robbed.claim.lost);
        } else this.queue.push(entry);
        if (this.queue[0] === entry) claim.granted();
        return () => {
          const held = this.queue[0] === entry;
          this.queue = this.queue.filter((other) => other !== entry);
          if (held) this.queue[0]?.claim.granted();
        };
      },
    };
    const tab = new Tab({
      id,
      peers,
      startCore: (listener) =>
        new OwnedCore(
          { spawn: (hear) => this.spawn(id, hear), now: () => this.now, after: this.after, every: this.every },
          listener,
        ),
      now: () => this.now,
      wall: () => this.now + this.ahead,
      every: this.every,
      visible: () => true,
    });
    tab.enter();
    return tab;
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.now = due.at;
      if (due.every === null) this.timers = this.timers.filter((timer) => timer !== due);
      else due.at += due.every;
      due.action();
    }
    this.now = end;
  }

  /** What a browser does with messages that came while the tab slept. */
  deliver(id: string, message: TabMessage): void {
    this.listeners.get(id)?.(message);
  }

  get worker(): FakeWorker {
    const last = this.workers.at(-1);
    if (!last) throw new Error("no worker was started");
    return last;
  }

  /** What came while the tab was busy comes now, in order. */
  free(id: string): void {
    this.busy.delete(id);
    const due = this.waiting.filter((entry) => entry.id === id);
    this.waiting = this.waiting.filter((entry) => entry.id !== id);
    for (const { deliver } of due) deliver();
  }

  private whenFree(id: string, deliver: () => void): void {
    if (this.busy.has(id)) this.waiting.push({ id, deliver });
    else deliver();
  }

  private workerOf(id: string): FakeWorker | undefined {
    return this.workers.findLast((worker) => worker.tab === id && !worker.ended);
  }

  private spawn(id: string, hear: (message: FromWorker) => void): FakeWorker {
    const worker = new FakeWorker(id, (message) => this.whenFree(id, () => hear(message)), (message) => {
      for (const [other, listen] of [...this.listeners]) {
        if (other !== id && !this.asleep.has(other)) this.whenFree(other, () => listen(structuredClone(message)));
      }
    });
    this.workers.push(worker);
    return worker;
  }

  private readonly every = (ms: number, action: () => void) => this.schedule(this.now + ms, ms, action);
  private readonly after = (ms: number, action: () => void) => this.schedule(this.now + ms, null, action);

  private schedule(at: number, every: number | null, action: () => void): () => void {
    const timer = { at, every, action };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
}

/** Keeps the calls it was given until the test answers them. */
class FakeWorker {
  calls: { id: number; method: string }[] = [];
  ended = false;
  private yielded = false;
  private pageIsAwake = false;

  constructor(
    readonly tab: string,
    readonly say: (message: FromWorker) => void,
    private readonly sayToTabs: (message: TabMessage) => void = () => undefined,
  ) {}

  /** As worker.ts does, without its patience: a page that is not busy has answered by then. */
  hearTab(message: Extract<TabMessage, { kind: "yield" }>): void {
    if (this.yielded || (message.to ?? this.tab) !== this.tab) return;
    this.pageIsAwake = false;
    this.say({ kind: "asked_to_yield" });
    if (this.pageIsAwake) return;
    this.yielded = true;
    this.sayToTabs({ kind: "yielded", owner: this.tab, to: message.from });
    this.say({ kind: "yielded" });
  }

  post(message: ToWorker): void {
    if (message.kind === "ping") this.say({ kind: "alive" });
    if (message.kind === "stay") this.pageIsAwake = true;
    if (message.kind !== "rpc" || this.yielded) return;
    const { method } = JSON.parse(message.request) as { method: string };
    this.calls.push({ id: message.id, method });
  }

  terminate(): void {
    this.ended = true;
  }

  becomeReady(): void {
    this.say({ kind: "opened", durability: "durable" });
    this.say({ kind: "event", topic: "orders", version: 1 });
    this.say({ kind: "event", topic: "outbox", version: 1 });
  }

  answer(method: string, ok: unknown): void {
    const call = this.calls.find((candidate) => candidate.method === method);
    if (!call) throw new Error(`${method} was not called`);
    this.calls = this.calls.filter((other) => other !== call);
    this.say({ kind: "reply", id: call.id, outcome: JSON.stringify({ ok }) });
  }

  get methods(): string[] {
    return this.calls.map((call) => call.method);
  }
}

const never = () => () => undefined;
const settled = () => new Promise<void>((resolve) => queueMicrotask(resolve));
const failureOf = (call: Promise<unknown>): Promise<RpcFailure> =>
  call.then(
    () => Promise.reject(new Error("the call was answered")),
    (error: unknown) => error as RpcFailure,
  );

describe("one owner among the tabs", () => {
  test("the first tab owns the core and the second works through it", async () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");

    expect(first.status.value).toMatchObject({ role: "owner", phase: "ready", durability: "durable" });
    expect(second.status.value).toMatchObject({ role: "follower", phase: "ready", durability: "durable" });
    const answer = second.call("outbox.list", {});
    browser.worker.answer("outbox.list", { items: [] });
    await expect(answer).resolves.toEqual({ items: [] });
    expect(browser.workers).toHaveLength(1);
  });

  test("a failed call carries the core's code and issues to a follower", async () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const failure = failureOf(browser.open("b").call("orders.accept", { id: "o1" }));
    const issues = [{ field: "note", code: "required" }];
    const error = { code: "form_invalid", retryable: false, message: "invalid", issues };
    browser.worker.say({ kind: "reply", id: browser.worker.calls[0]!.id, outcome: JSON.stringify({ error }) });

    expect(await failure).toMatchObject({ name: "RpcFailure", code: "form_invalid", retryable: false, issues });
  });

  test("calls made before the store is open wait for it", async () => {
    const browser = new Browser();
    const answer = browser.open("a").call("sync.status", {});
    expect(browser.worker.methods).toEqual([]);
    browser.worker.becomeReady();
    browser.worker.answer("sync.status", { phase: "idle" });
    await expect(answer).resolves.toEqual({ phase: "idle" });
  });

  test("without a way to agree each tab has a core of its own", () => {
    const browser = new Browser();
    const alone = new Tab({
      id: "a",
      peers: null,
      startCore: (listener) =>
        new OwnedCore(
          { spawn: () => new FakeWorker("a", () => undefined), now: () => 0, after: never, every: never },
          listener,
        ),
      now: () => browser.now,
      wall: () => browser.now,
      every: () => () => undefined,
      visible: () => true,
    });
    alone.enter();
    expect(alone.status.value.role).toBe("owner");
  });
});

describe("when the owner tab is closed", () => {
  test("a follower takes over, asks its reads again and never repeats a write", async () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    const read = second.call("orders.get", { id: "o1" });
    const write = failureOf(second.call("orders.accept", { id: "o1" }));
    expect(browser.worker.methods).toEqual(["orders.get", "orders.accept"]);

    first.close();
    browser.worker.becomeReady();

    expect(second.status.value).toMatchObject({ role: "owner", phase: "ready" });
    expect(browser.worker.methods).toEqual(["orders.get"]);
    expect(await write).toMatchObject({ code: "core_restarted", retryable: true });
    browser.worker.answer("orders.get", { summary: {} });
    await expect(read).resolves.toEqual({ summary: {} });
  });

  test("a third tab turns to the new owner with its unanswered reads", async () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    browser.open("b");
    const third = browser.open("c");
    const read = third.call("outbox.list", {});

    first.close();
    browser.worker.becomeReady();
    browser.worker.answer("outbox.list", { items: [] });

    await expect(read).resolves.toEqual({ items: [] });
    expect(third.status.value).toMatchObject({ role: "follower", phase: "ready" });
  });

  test("a page taken back from the cache takes part again", () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    first.exit();
    browser.worker.becomeReady();
    first.enter();

    expect(second.status.value.role).toBe("owner");
    expect(first.status.value).toMatchObject({ role: "follower", phase: "ready" });
  });
});

describe("when the owner tab is asleep", () => {
  test("the follower says so after three seconds, and no longer once the owner wakes", () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    browser.asleep.add("a");
    void second.call("outbox.list", {}).catch(() => undefined);

    browser.pass(2_000);
    expect(second.status.value.phase).toBe("ready");
    browser.pass(1_000);
    expect(second.status.value).toMatchObject({ phase: "owner_silent", role: "follower" });
    browser.asleep.delete("a");
    browser.pass(5_000);
    expect(second.status.value.phase).toBe("ready");
  });

  test("a tab opened beside a sleeping owner says so too", () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    browser.asleep.add("a");
    const second = browser.open("b");
    browser.pass(4_000);
    expect(second.status.value).toMatchObject({ phase: "owner_silent", role: "follower" });
  });

  test("a call it never began is answered core_restarted after twelve seconds, and is not begun on waking", async () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    browser.asleep.add("a");
    const failure = failureOf(second.call("orders.accept", { id: "o1" }));
    const late: TabMessage = { kind: "call", to: "a", from: "b", id: 1, request: `{"method":"orders.accept"}`, takeBefore: browser.now + 10_000 };
    browser.pass(13_000);
    expect(await failure).toMatchObject({ code: "core_restarted", retryable: true });

    browser.asleep.delete("a");
    browser.deliver("a", late);
    expect(browser.worker.methods).toEqual([]);
  });

  test("a clock that somebody sets makes no owner silent and gives no call up", async () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    for (const ahead of [3 * 3_600_000, -3 * 3_600_000]) {
      const answer = second.call("sync.status", {});
      browser.ahead = ahead;
      browser.busy.add("a");
      browser.pass(1_000);
      expect(second.status.value).toMatchObject({ phase: "ready", role: "follower" });
      browser.free("a");
      browser.worker.answer("sync.status", { phase: "idle" });
      await expect(answer).resolves.toEqual({ phase: "idle" });
    }
  });

  test("a call it began and then slept on is given up after thirty seconds of silence", async () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    const failure = failureOf(second.call("orders.proof", { id: "o1" }));
    browser.pass(20_000);
    expect(second.status.value.phase).toBe("ready");
    browser.asleep.add("a");
    browser.pass(40_000);
    expect(await failure).toMatchObject({ code: "core_restarted" });
  });
});

describe("when the owner tab is busy and does not answer", () => {
  const busyOwner = () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    browser.busy.add("a");
    return { browser, first, second };
  };

  test("another tab takes over within ten seconds, and what was asked there meanwhile is done once", async () => {
    const { browser, second } = busyOwner();
    const write = second.call("orders.accept", { id: "o1" });
    browser.pass(10_000);
    expect(second.status.value.role).toBe("owner");
    browser.worker.becomeReady();
    expect(browser.workers).toHaveLength(2);
    expect(browser.worker.methods).toEqual(["orders.accept"]);
    browser.worker.answer("orders.accept", { summary: {} });
    await expect(write).resolves.toEqual({ summary: {} });
  });

  test("what the owner had begun is not done a second time", async () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    const write = failureOf(second.call("orders.accept", { id: "o1" }));
    browser.busy.add("a");
    browser.pass(12_000);
    browser.worker.becomeReady();
    expect(browser.worker.methods).toEqual([]);
    expect(await write).toMatchObject({ code: "core_restarted" });
  });

  test("a tab opened beside it takes over too", () => {
    const browser = new Browser();
    browser.open("a");
    browser.worker.becomeReady();
    browser.busy.add("a");
    const second = browser.open("b");
    browser.pass(10_000);
    browser.worker.becomeReady();
    expect(second.status.value).toMatchObject({ role: "owner", phase: "ready" });
  });

  test("the first works through the new owner once it is free, with its own unanswered reads", async () => {
    const { browser, first, second } = busyOwner();
    const read = first.call("outbox.list", {});
    browser.pass(12_000);
    browser.worker.becomeReady();
    browser.free("a");
    expect(second.status.value.role).toBe("owner");
    expect(first.status.value).toMatchObject({ role: "follower", phase: "ready" });
    expect(browser.workers[0]?.ended).toBe(true);
    browser.worker.answer("outbox.list", { items: [] });
    await expect(read).resolves.toEqual({ items: [] });
  });

  test("an owner that does answer keeps its role, whoever thinks that it does not", () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    browser.worker.hearTab({ kind: "yield", to: "a", from: "b" });
    expect(first.status.value.role).toBe("owner");
    expect(second.status.value.role).toBe("follower");
  });
});

describe("what a page follows", () => {
  const collect = (tab: Tab) => {
    const seen: TopicEvent[] = [];
    const stop = tab.subscribe(["orders"], (event) => seen.push(event));
    return { seen, stop };
  };

  test("owner and follower get a reset first and every change after it", async () => {
    const browser = new Browser();
    const owner = collect(browser.open("a"));
    browser.worker.becomeReady();
    const follower = collect(browser.open("b"));
    await settled();
    browser.worker.say({ kind: "event", topic: "orders", version: 2 });
    browser.worker.say({ kind: "event", topic: "sync", version: 9 });

    const expected = [
      { topic: "orders", version: 1, reset: true },
      { topic: "orders", version: 2, reset: false },
    ];
    expect(owner.seen).toEqual(expected);
    expect(follower.seen).toEqual(expected);
  });

  test("a breakdown of the core is a reset for every tab", () => {
    const browser = new Browser();
    const first = browser.open("a");
    browser.worker.becomeReady();
    const second = browser.open("b");
    const { seen } = collect(second);
    browser.worker.say({ kind: "broken", message: "unreachable" });
    expect(second.status.value).toMatchObject({ phase: "restarting", restarts: 1 });
    browser.pass(100);
    browser.worker.becomeReady();

    expect(seen.at(-1)).toEqual({ topic: "orders", version: 1, reset: true });
    expect(first.status.value).toMatchObject({ phase: "ready", restarts: 1 });
    expect(second.status.value).toMatchObject({ phase: "ready", restarts: 1 });
  });

  test("nothing comes after the subscription was stopped", async () => {
    const browser = new Browser();
    const { seen, stop } = collect(browser.open("a"));
    stop();
    browser.worker.becomeReady();
    await settled();
    expect(seen).toEqual([]);
  });
});
