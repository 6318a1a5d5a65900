import { describe, expect, it } from "vitest";
import { countChars, grouped, place, shortDigest } from "@ui/format/text";

describe("text", () => {
  it("counts characters, not UTF-16 units", () => {
    expect(countChars("排水")).toBe(2);
    expect(countChars("𠮷野家")).toBe(3);
  });

  it("groups a fingerprint by four", () => {
    expect(grouped("3fa9c1d27b8e4450")).toBe("3fa9 c1d2 7b8e 4450");
  });

  it("names a place's district once", () => {
    expect(place("黄浦区", "样例路88弄")).toBe("黄浦区 样例路88弄");
    expect(place("黄浦区", "黄浦区样例路88弄")).toBe("黄浦区样例路88弄");
    expect(place("浦东新区", "上海市浦东新区样例路1号")).toBe("上海市浦东新区样例路1号");
    expect(place("黄浦区", "")).toBe("黄浦区");
  });

  it("keeps both ends of a digest", () => {
    expect(shortDigest("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")).toBe("66c7f0f4…8f4ba8e0");
  });
});
