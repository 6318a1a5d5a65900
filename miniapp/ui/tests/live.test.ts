import { effectScope, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TopicEvent, Waist } from "@core";
import { useLive } from "@ui/state/live";

/** A fetch answered by hand, and a waist whose events are sent by hand. */
class Desk {
  asked: { answer(value: string): void; fail(error: unknown): void }[] = [];
  send: () => void = () => undefined;
  stopped = false;

  readonly waist = {
    subscribe: (_topics: unknown, watcher: (event: TopicEvent) => void) => {
      this.send = () => watcher({ topic: "orders", version: 1, reset: false });
      return () => (this.stopped = true);
    },
  } as unknown as Waist;

  fetch = () =>
    new Promise<string>((answer, fail) => {
      this.asked.push({ answer, fail });
    });
}

/** Everything that hangs on promises already settled has run. */
const settled = () => new Promise((done) => setImmediate(done));

describe("a live value", () => {
  let scope: EffectScope;
  let desk: Desk;
  const start = () => scope.run(() => useLive(desk.waist, ["orders"], desk.fetch))!;

  beforeEach(() => {
    scope = effectScope();
    desk = new Desk();
  });
  afterEach(() => scope.stop());

  it("is fetched when its topic changes", async () => {
    const live = start();
    desk.send();
    desk.asked[0]?.answer("one");
    await settled();
    expect(live.value.value).toBe("one");
    expect(live.loading.value).toBe(false);
  });

  it("turns any number of changes during a fetch into one more fetch, and shows only its answer", async () => {
    const live = start();
    desk.send();
    desk.send();
    desk.send();
    expect(desk.asked).toHaveLength(1);
    desk.asked[0]?.answer("old");
    await settled();
    expect(live.value.value).toBeNull();
    desk.asked[1]?.answer("new");
    await settled();
    expect(live.value.value).toBe("new");
    expect(desk.asked).toHaveLength(2);
  });

  it("keeps what it shows when a fetch fails, and says why", async () => {
    const live = start();
    desk.send();
    desk.asked[0]?.answer("one");
    await settled();
    desk.send();
    desk.asked[1]?.fail({ code: "store_failed" });
    await settled();
    expect(live.value.value).toBe("one");
    expect(live.error.value).toBe("store_failed");
  });

  it("prefers a value set by another call to an answer asked for before", async () => {
    const live = start();
    desk.send();
    live.set("from the call");
    desk.asked[0]?.answer("older");
    await settled();
    expect(live.value.value).toBe("from the call");
  });

  it("stops with its component", () => {
    start();
    scope.stop();
    expect(desk.stopped).toBe(true);
  });
});
