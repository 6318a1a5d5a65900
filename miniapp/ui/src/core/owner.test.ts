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
    { status: (status) => this.statuses.push(status), event: () => undefined },
  );

  say(message: FromWorker): void {
    this.hear.at(-1)?.(message);
  }

  breakDown(): void {
    this.say({ kind: "broken", message: "unreachable" });
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

  test("is also one that owes an answer and hears no ping for half a minute", async () => {
    const bench = new Bench();
    bench.say({ kind: "opened", durability: "durable" });
    const stuck = bench.core.call("a");
    for (let i = 0; i < 6; i++) bench.ping();
    bench.say({ kind: "alive" });
    for (let i = 0; i < 6; i++) bench.ping();
    expect(bench.status).toMatchObject({ phase: "ready" });
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

describe("the restart policy", () => {
  test("waits longer each time and forgets what is older than thirty seconds", () => {
    const policy = new RestartPolicy();
    expect([0, 1_000, 2_000, 29_999].map((at) => policy.brokeDown(at))).toEqual([100, 200, 400, null]);
    expect(policy.brokeDown(30_000)).toBe(400);
  });
});
