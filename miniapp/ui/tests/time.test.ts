import { describe, expect, it } from "vitest";
import { clockTime, deadline, dueTone, fullDeadline, fromWallClock, fullTime, shortTime, span, toWallClock } from "@ui/format/time";

// 1 January 2026, 00:30 in Shanghai is still the old year in Greenwich.
const NEW_YEAR = Date.parse("2025-12-31T16:30:00Z");
const HOUR = 3_600_000;

describe("times", () => {
  it("are Shanghai's, whatever the phone is set to", () => {
    expect(fullTime(NEW_YEAR)).toBe("2026-01-01 00:30");
    expect(clockTime(NEW_YEAR)).toBe("00:30");
  });

  it("go to a wall clock and back", () => {
    expect(toWallClock(NEW_YEAR)).toEqual({ year: 2026, month: 1, day: 1, hour: 0, minute: 30 });
    expect(fromWallClock({ year: 2026, month: 1, day: 1, hour: 0, minute: 30 })).toBe(NEW_YEAR);
  });

  it("are as short as today allows", () => {
    expect(shortTime(NEW_YEAR, NEW_YEAR + HOUR)).toBe("00:30");
    expect(shortTime(NEW_YEAR, NEW_YEAR + 24 * HOUR)).toBe("01-01 00:30");
    expect(shortTime(NEW_YEAR - HOUR, NEW_YEAR)).toBe("2025-12-31 23:30");
  });
});

describe("a deadline", () => {
  // The end of 25 November 2026 in Shanghai.
  const END_OF_25TH = Date.parse("2026-11-25T16:00:00Z");

  it("at midnight is the end of the day before", () => {
    expect(fullDeadline(END_OF_25TH)).toBe("2026-11-25 24:00");
    expect(deadline(END_OF_25TH, END_OF_25TH - HOUR)).toBe("11-25 24:00");
  });

  it("within a day is that day's time", () => {
    expect(deadline(END_OF_25TH - 30 * 60_000, END_OF_25TH)).toBe("11-25 23:30");
    expect(deadline(END_OF_25TH + 60_000, END_OF_25TH)).toBe("11-26 00:01");
  });

  it("names the year where it is another one", () => {
    const endOf2026 = Date.parse("2026-12-31T16:00:00Z");
    expect(deadline(endOf2026, END_OF_25TH)).toBe("12-31 24:00");
    expect(deadline(endOf2026, endOf2026 + HOUR)).toBe("2026-12-31 24:00");
    expect(deadline(endOf2026 + 24 * HOUR, END_OF_25TH)).toBe("2027-01-01 24:00");
  });
});

describe("a span", () => {
  it("shows its two largest units", () => {
    expect(span(26 * HOUR + 59 * 60_000)).toBe("1 天 2 小时");
    expect(span(3 * HOUR + 12 * 60_000 + 59_000)).toBe("3 小时 12 分");
    expect(span(59_999)).toBe("0 分 59 秒");
  });

  it("has no sign", () => {
    expect(span(-2 * HOUR)).toBe("2 小时 0 分");
  });
});

describe("a deadline's tone", () => {
  it("is soon below four hours and over at none", () => {
    expect(dueTone(4 * HOUR)).toBe("calm");
    expect(dueTone(4 * HOUR - 1)).toBe("soon");
    expect(dueTone(1)).toBe("soon");
    expect(dueTone(0)).toBe("over");
  });
});
