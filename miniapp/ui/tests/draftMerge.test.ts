import { describe, expect, it } from "vitest";
import { mergeForms, sameAnswer, type Answers } from "@ui/state/draftMerge";

const empty: Answers = { reached: null, contact_person: "", unreached_reason: null, note: "" };
/** As on the contact form: whom one spoke to is asked only where somebody was reached. */
const shown = (form: Answers): Answers => ({
  ...form,
  contact_person: form["reached"] === true ? form["contact_person"]! : "",
  unreached_reason: form["reached"] === false ? form["unreached_reason"]! : null,
});
const merge = (mine: Answers, theirs: Answers, base = empty, answered: string[] = []) =>
  mergeForms({ base, mine, theirs, answered: new Set(answered) }, shown);

describe("two versions of one form", () => {
  it("are one where nobody changed what the other changed", () => {
    const mine = { ...empty, note: "约周三" };
    const theirs = { ...empty, reached: true, contact_person: "赵女士" };
    const { form, taken, displaced } = merge(mine, theirs);
    expect(form).toEqual({ ...empty, reached: true, contact_person: "赵女士", note: "约周三" });
    expect(taken).toEqual(["reached", "contact_person"]);
    expect(displaced).toEqual([]);
  });

  it("keep a field that was emptied here empty", () => {
    const base = { ...empty, note: "旧的" };
    expect(merge({ ...base, note: "" }, base, base).form["note"]).toBe("");
  });

  it("take over that a field was emptied there, and show what this tab had written in it", () => {
    const base = { ...empty, note: "这边写的" };
    const { form, displaced } = merge(base, { ...base, note: "" }, base, ["note"]);
    expect(form["note"]).toBe("");
    expect(displaced).toEqual([{ field: "note", value: "这边写的", from: "here" }]);
  });

  it("keep this tab's choice and show the other's, with every answer that hung on it", () => {
    const mine = { ...empty, reached: false, unreached_reason: "no_answer" };
    const theirs = { ...empty, reached: true, contact_person: "赵女士" };
    const { form, displaced } = merge(mine, theirs);
    expect(form).toEqual({ ...empty, reached: false, unreached_reason: "no_answer" });
    expect(displaced).toEqual([
      { field: "reached", value: true, from: "there" },
      { field: "contact_person", value: "赵女士", from: "there" },
    ]);
  });

  it("show an answer of this tab that a choice of the other put out of sight", () => {
    const base = { ...empty, reached: true };
    const mine = { ...base, contact_person: "赵女士" };
    const { displaced } = merge(mine, { ...base, reached: false }, base, ["contact_person"]);
    expect(displaced).toEqual([{ field: "contact_person", value: "赵女士", from: "here" }]);
  });

  it("are at peace over a text that contains the other", () => {
    expect(merge({ ...empty, note: "约周三上午" }, { ...empty, note: "约周三" }).displaced).toEqual([]);
  });
});

describe("lists and rows", () => {
  const plain = (form: Answers) => form;
  const base: Answers = { kinds: ["dark"], parts: [{ part: "灯头", count: "2" }] };

  it("are alike by what they hold, whoever wrote them", () => {
    expect(sameAnswer(["a", "b"], ["a", "b"])).toBe(true);
    expect(sameAnswer(["a", "b"], ["b", "a"])).toBe(false);
    expect(sameAnswer(["a"], ["a", "b"])).toBe(false);
    expect(sameAnswer([{ part: "x" }], [{ part: "x", count: null }])).toBe(true);
    expect(sameAnswer([{ part: "x", count: "1" }], [{ part: "x", count: "2" }])).toBe(false);
    expect(sameAnswer(null, [])).toBe(false);
  });

  it("that were read back unchanged displace nothing", () => {
    const copy = () => JSON.parse(JSON.stringify(base)) as Answers;
    const mine: Answers = { ...copy(), note: "补充" };
    const { form, taken, displaced } = mergeForms(
      { base: { ...base, note: "" }, mine, theirs: { ...copy(), note: "" }, answered: new Set(["kinds", "note"]) },
      plain,
    );
    expect(form).toEqual(mine);
    expect(taken).toEqual([]);
    expect(displaced).toEqual([]);
  });

  it("changed in both tabs stay as they are here, and the other's are shown whole", () => {
    const theirs = { ...base, parts: [{ part: "灯罩", count: "1" }] };
    const { form, displaced } = mergeForms({ base, mine: { ...base, parts: [] }, theirs, answered: new Set() }, plain);
    expect(form["parts"]).toEqual([]);
    expect(displaced).toEqual([{ field: "parts", value: [{ part: "灯罩", count: "1" }], from: "there" }]);
  });
});
