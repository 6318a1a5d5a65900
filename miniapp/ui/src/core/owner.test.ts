// What the owner tab does when its Worker breaks down.

import { describe, expect, test } from "vitest";
import type { FromWorker, ToWorker } from "./messages";
import { OwnedCore, type OwnerStatus } from "./owner";
import { RestartPolicy } from "./restart-policy";

class Bench {
  now = 0;
  hear: ((message: FromWorker) => void)[] = [];
  posted: ToWorker[] = [];
  terminated = 0;
  statuses: OwnerStatus[] = [];
  ping: () => void = () => undefined;
  private restart: (() => void) | null = null;

  readonly core = new OwnedCore(
    {
      spawn: (hear) => {
        this.hear.push(hear);
        return { post: (message) => this.posted.push(message), terminate: () => this.terminated++ };
      },
      now: () => this.now,
      after: (_, action) => {
        this.restart = action;
        return () => (this.restart = null);
      },
      every: (_, action) => {
        this.ping = action;
        return () => undefined;
      },
    },
    { status: (status) => this.statuses.push(status), event: () => undefined, yielded: () => undefined },
  );

  say(message: FromWorker): void {
    this.hear.at(-1)?.(message);
  }

  breakDown(): void {
    this.say({ kind: "broken", message: "unreachable" });
    this.restartNow();
  }

  restartNow(): void {
    this.restart?.();
    this.restart = null;
  }

  get status(): OwnerStatus | undefined {
    return this.statuses.at(-1);
  }
}

describe("a core that breaks down", () => {
  test("answers what was under way, keeps what was not begun, and starts again", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const underWay = bench.core.call("a");
    bench.breakDown();
    const waiting = bench.core.call("b");
    bench.say({ kind: "opened", durability: "durable" });
    bench.say({ kind: "reply", id: 2, outcome: "done" });

    expect(JSON.parse(await underWay)).toMatchObject({ error: { code: "core_restarted", retryable: true } });
    await expect(waiting).resolves.toBe("done");
    expect(bench.status).toEqual({ phase: "ready", durability: "durable", restarts: 1 });
    expect(bench.terminated).toBe(1);
  });

  test("is not listened to any more", () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    bench.breakDown();
    bench.hear[0]?.({ kind: "broken", message: "again" });
    bench.hear[0]?.({ kind: "opened", durability: "best_effort" });
    expect(bench.status).toEqual({ phase: "restarting", durability: "durable", restarts: 1 });
  });

  test("is also one that owes an answer and hears no ping for twenty seconds", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const stuck = bench.core.call("a");
    for (let i = 0; i < 6; i++) bench.ping();
    bench.say({ kind: "alive" });
    expect(bench.status).toMatchObject({ phase: "ready" });
    for (let i = 0; i < 6; i++) bench.ping();
    expect(bench.status).toMatchObject({ phase: "unresponsive" });
    bench.ping();

    expect(bench.status).toMatchObject({ phase: "restarting", restarts: 1 });
    expect(JSON.parse(await stuck)).toMatchObject({ error: { code: "core_restarted" } });
  });

  test("is not one that has nothing to answer", () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    for (let i = 0; i < 20; i++) bench.ping();
    expect(bench.status).toMatchObject({ phase: "ready", restarts: 0 });
    expect(bench.posted).toEqual([]);
  });

  test("is given up at the fourth breakdown within thirty seconds, and says so to every call", async () => {
    const bench = new Bench();
    const waiting = bench.core.call("a");
    for (let i = 0; i < 4; i++) bench.breakDown();

    expect(bench.status).toMatchObject({ phase: "failed", restarts: 3 });
    expect(bench.hear).toHaveLength(4);
    expect(JSON.parse(await waiting)).toMatchObject({ error: { code: "core_restarted" } });
    expect(JSON.parse(await bench.core.call("b"))).toMatchObject({ error: { code: "core_restarted" } });
  });
});

describe("a core whose storage fails", () => {
  const ask = (bench: Bench, method: string) => bench.core.call(JSON.stringify({ method, params: {} }));
  const failed = JSON.stringify({ error: { code: "store_failed", retryable: true, message: "disk I/O error", issues: [] } });
  const restart = (bench: Bench) => {
    bench.restartNow();
    bench.say({ kind: "opened", durability: "durable" });
  };

  test("opens it anew and says again what may be said twice; the caller notices nothing", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const save = ask(bench, "draft.save");
    bench.say({ kind: "reply", id: 1, outcome: failed });
    expect(bench.status).toMatchObject({ phase: "restarting", restarts: 1 });
    restart(bench);
    bench.say({ kind: "reply", id: 2, outcome: "kept" });
    await expect(save).resolves.toBe("kept");
    expect(bench.terminated).toBe(1);
  });

  test("does not sign a second time: whoever asked for it looks first", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const contact = ask(bench, "orders.contact");
    bench.say({ kind: "reply", id: 1, outcome: failed });
    restart(bench);
    expect(JSON.parse(await contact)).toMatchObject({ error: { code: "core_restarted" } });
    expect(bench.posted).toHaveLength(1);
  });

  test("is noticed under the synchronisation too", () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    void ask(bench, "sync.status");
    bench.say({ kind: "reply", id: 1, outcome: JSON.stringify({ ok: { phase: "backoff", last_error: "store_failed" } }) });
    expect(bench.status).toMatchObject({ phase: "restarting" });
  });

  test("is not one that reads of a failed store in somebody's text", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const answer = ask(bench, "orders.get");
    const outcome = JSON.stringify({ ok: { content: 'the "store_failed" of yesterday' } });
    bench.say({ kind: "reply", id: 1, outcome });
    await expect(answer).resolves.toBe(outcome);
    expect(bench.status).toMatchObject({ phase: "ready" });
  });

  test("that keeps everything in memory is not thrown away for it", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "best_effort" });
    const save = ask(bench, "draft.save");
    bench.say({ kind: "reply", id: 1, outcome: failed });
    expect(JSON.parse(await save)).toMatchObject({ error: { code: "store_failed" } });
    expect(bench.status).toMatchObject({ phase: "ready", restarts: 0 });
  });

  test("that fails again and again is not restarted without end, nor given up: the failure is told", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const save = ask(bench, "draft.save");
    bench.say({ kind: "reply", id: 1, outcome: failed });
    restart(bench);
    bench.say({ kind: "reply", id: 2, outcome: failed });
    expect(JSON.parse(await save)).toMatchObject({ error: { code: "store_failed" } });
    expect(bench.status).toMatchObject({ phase: "ready", restarts: 1 });
    bench.now += 60_000;
    void ask(bench, "draft.save");
    bench.say({ kind: "reply", id: 3, outcome: failed });
    expect(bench.status).toMatchObject({ phase: "restarting", restarts: 2 });
  });
});

describe("the restart policy", () => {
  test("waits longer each time and forgets what is older than thirty seconds", () => {
    const policy = new RestartPolicy();
    expect([0, 1_000, 2_000, 29_999].map((at) => policy.brokeDown(at))).toEqual([100, 200, 400, null]);
    expect(policy.brokeDown(30_000)).toBe(400);
  });
});
