import { describe, expect, it } from "vitest";
import { clockTime, dueTone, fromWallClock, fullTime, shortTime, span, toWallClock } from "@ui/format/time";

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
