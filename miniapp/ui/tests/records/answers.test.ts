import { describe, expect, it } from "vitest";
import {
  answerLines,
  answerWords,
  choicesOf,
  fieldAt,
  formOf,
  given,
  numberText,
  pointText,
  requiredColumns,
  timeOf,
  timeText,
} from "@ui/state/records/answers";
import type { Answers } from "@ui/state/draftMerge";
import { field, FIELDS } from "./fakeCore";

describe("answers on their way to the core", () => {
  it("leave out whatever is not answered, in rows too", () => {
    const form: Answers = { a: "", b: null, c: [], d: false, e: "0", rows: [{ part: "灯头", count: null }, {}] };
    expect(given(form)).toEqual({ d: false, e: "0", rows: [{ part: "灯头" }, {}] });
  });

  it("come back as a form with every field in it", () => {
    const fields = [field("a", "text"), field("b", "codes")];
    expect(formOf(fields, { b: ["x"], gone: "y" })).toEqual({ a: null, b: ["x"] });
  });

  it("spell an instant of the city's clock with its offset, whatever the zone of the phone", () => {
    const half_past_nine = Date.UTC(2026, 2, 4, 1, 30);
    expect(timeText(half_past_nine)).toBe("2026-03-04T09:30:00.000+08:00");
    expect(timeOf("2026-03-04T09:30:00.000+08:00")).toBe(half_past_nine);
    expect(timeOf("gestern")).toBeNull();
  });

  it("spell a place as two numbers without zeros at the end", () => {
    expect(pointText(31.2316, 121.48440000001)).toBe("31.2316 121.4844");
    expect(pointText(-0.5, 100)).toBe("-0.5 100");
  });

  it.each([
    ["１２．５", "12.5"],
    ["1,234,567", "1234567"],
    [" 12 ", "12"],
    ["007", "7"],
    ["-.5", "-0.5"],
    ["+3", "3"],
    ["−3", "-3"],
    ["0.50", "0.50"],
    ["0", "0"],
    ["十二", "十二"],
  ])("read what is typed as a number: %s", (typed, read) => {
    expect(numberText(typed)).toBe(read);
  });
});

describe("answers as people read them", () => {
  const at = (path: string) => fieldAt(FIELDS, path);

  it("are labels, days and yes or no, not codes", () => {
    expect(answerWords(at("level"), "high")).toBe("严重");
    expect(answerWords(at("kinds"), ["dark", "loose"])).toBe("不亮、松动");
    expect(answerWords(at("safe"), false)).toBe("否");
    expect(answerWords(at("seen_at"), "2026-03-04T09:30:00.000+08:00")).toBe("2026-03-04 09:30");
    expect(answerWords(at("parts"), [{ part: "灯头", count: "2" }, { part: "灯罩" }])).toBe(
      "部件 灯头 · 数量 2\n部件 灯罩",
    );
  });

  it("fall back on the code where the list does not know it any more", () => {
    expect(answerWords(at("level"), "retired")).toBe("retired");
  });

  it("make a line for each answer given", () => {
    expect(answerLines(FIELDS, { finding: "灯头损坏", level: "low", poles: null })).toBe("检查情况：灯头损坏\n等级：一般");
  });
});

describe("what a form says of its fields", () => {
  it("finds a column behind its path", () => {
    expect(fieldAt(FIELDS, "parts/2/count")?.label).toBe("数量");
    expect(fieldAt(FIELDS, "parts")?.label).toBe("更换部件");
    expect(fieldAt(FIELDS, "nothing")).toBeUndefined();
  });

  it("wants the required columns of every row that is there", () => {
    expect(requiredColumns(FIELDS, { parts: [{}, { part: "灯头" }] })).toEqual([
      "parts/1/part",
      "parts/1/count",
      "parts/2/part",
      "parts/2/count",
    ]);
    expect(requiredColumns(FIELDS, { parts: null })).toEqual([]);
  });

  it("offers what the core said last before what the form came with", () => {
    const level = FIELDS[1]!;
    const only = [{ code: "low", label: "一般" }];
    expect(choicesOf(level, { level: only })).toEqual(only);
    expect(choicesOf(level, null)).toHaveLength(2);
  });

  it("offers a column of a table what is offered to it, not to a field of the same name", () => {
    const column = field("level", "code", { choices: [{ code: "x", label: "甲" }] });
    const offered = { level: [{ code: "low", label: "一般" }], "parts/level": [{ code: "y", label: "乙" }] };
    expect(choicesOf(column, offered, "parts/3/level")).toEqual([{ code: "y", label: "乙" }]);
    expect(choicesOf(column, { level: offered.level }, "parts/3/level")).toEqual(column.choices);
  });
});
