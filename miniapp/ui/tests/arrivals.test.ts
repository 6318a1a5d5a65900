import { beforeEach, describe, expect, it } from "vitest";
import { ArrivalWatch } from "@ui/state/arrivals";

const row = (id: string, state: "assigned" | "accepted" | "replied" = "assigned") => ({ id, state });

describe("the desk's marks", () => {
  let watch: ArrivalWatch;
  beforeEach(() => {
    watch = new ArrivalWatch();
    watch.take("open", 2, [row("a"), row("b")]);
  });

  it("are none on a list just opened", () => {
    const marks = new ArrivalWatch().take("open", 1, [row("a")]);
    expect(marks.fresh.size + marks.changed.size).toBe(0);
  });

  it("name an order that arrived", () => {
    expect(watch.take("open", 3, [row("c"), row("a"), row("b")]).fresh).toEqual(new Set(["c"]));
  });

  it("do not name one that moved up from the next page", () => {
    expect(watch.take("open", 1, [row("b"), row("c")]).fresh.size).toBe(0);
  });

  it("name an order whose state became another", () => {
    expect(watch.take("open", 2, [row("a", "accepted"), row("b")]).changed).toEqual(new Set(["a"]));
  });

  it("stay until the person has looked", () => {
    watch.take("open", 3, [row("c"), row("a"), row("b")]);
    expect(watch.take("open", 3, [row("c"), row("a"), row("b")]).fresh).toEqual(new Set(["c"]));
    expect(watch.forget().fresh.size).toBe(0);
  });

  it("go with the list they belong to", () => {
    watch.take("open", 3, [row("c"), row("a"), row("b")]);
    expect(watch.take("done", 9, [row("d")]).fresh.size).toBe(0);
  });
});
