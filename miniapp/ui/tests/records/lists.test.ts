import { effectScope, nextTick, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { usePacks, type Packs } from "@ui/state/records/packs";
import { recordIn, textOf } from "@ui/state/records/places";
import { useRecordPages, type RecordPages } from "@ui/state/records/recordPages";
import { FakeCore, KIND, row } from "./fakeCore";

const settled = () => new Promise((done) => setImmediate(done));

describe("the lists of a person's packs", () => {
  let scope: EffectScope;
  let core: FakeCore;
  let packs: Packs;
  let pages: RecordPages;

  const start = async () => {
    scope.run(() => {
      packs = usePacks(core.waist);
      pages = useRecordPages(core.waist, () => packs.chosen.value);
    });
    await settled();
  };

  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    });
    scope = effectScope();
    core = new FakeCore();
    const [lamp] = core.packs;
    core.packs = [
      { ...lamp!, lists: [...lamp!.lists, { id: "all", title: "全部路灯", kind: KIND, searchable: false }] },
      { ...lamp!, id: "bench", title: "座椅", missing: "pack_missing", lists: [], opens: [] },
    ];
  });
  afterEach(() => {
    scope.stop();
    vi.unstubAllGlobals();
  });

  it("begin with the first one and its first tab", async () => {
    await start();
    expect(packs.chosen.value?.list.id).toBe("mine");
    expect(core.asked("records.list")).toEqual([{ pack: "lamp", list: "mine", search: "", offset: 0, limit: 50 }]);
    expect(pages.tab.value).toBe("open");
    expect(pages.rows.value).toHaveLength(8);
    expect(pages.complete.value).toBe(true);
  });

  it("ask again for another tab, search or list, and forget both with the list", async () => {
    await start();
    pages.chooseTab("late");
    pages.search.value = " 样例 ";
    await settled();
    expect(core.asked("records.list").at(-1)).toMatchObject({ list: "mine", tab: "late", search: "样例" });
    packs.choose(packs.choices.value[1]!);
    await settled();
    expect(core.asked("records.list").at(-1)).toEqual({ pack: "lamp", list: "all", search: "", offset: 0, limit: 50 });
    expect(pages.search.value).toBe("");
  });

  it("remember which one was looked at last", async () => {
    await start();
    packs.choose(packs.choices.value[1]!);
    scope.stop();
    scope = effectScope();
    await start();
    expect(packs.chosen.value?.list.id).toBe("all");
  });

  it("grow by a page, whole", async () => {
    core.rows = Array.from({ length: 260 }, (_none, nth) => row(nth + 1));
    await start();
    expect(pages.rows.value).toHaveLength(50);
    for (let pressed = 0; pressed < 5; pressed += 1) await pages.grow();
    expect(pages.rows.value.map((one) => one.key.id)).toEqual(core.rows.map((one) => one.key.id));
    expect(pages.complete.value).toBe(true);
  });

  it("are fetched anew when a record changes", async () => {
    await start();
    core.rows = [row(9)];
    core.tell("orders");
    await settled();
    expect(pages.rows.value.map((one) => one.key.id)).toEqual(["lamp-9"]);
  });

  it("ask for nothing while there is none", async () => {
    core.packs = [];
    await start();
    await nextTick();
    expect(packs.chosen.value).toBeNull();
    expect(core.asked("records.list")).toEqual([]);
  });
});

describe("the place of a record", () => {
  it("beside a list is read from the address, and nothing else is", () => {
    expect(recordIn({ kind: "a.b", id: "c/d" })).toEqual({ kind: "a.b", id: "c/d" });
    expect(recordIn({ kind: "a.b" })).toBeNull();
    expect(recordIn({ kind: ["a", "b"], id: "c" })).toBeNull();
  });

  it("has a name of its own, which an act of it does not share", () => {
    const record = { kind: "a.b", id: "c" };
    expect(textOf(record)).not.toBe(textOf({ ...record, act: "do", role: "r" }));
  });
});
