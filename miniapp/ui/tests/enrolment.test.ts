// Codes as people type them. The alphabet is Crockford's base 32: no I, L, O, U; O is read as 0, I and L as 1.

import { describe, expect, it } from "vitest";
import { isQrText, readCode, shownCode } from "@ui/state/enrolment";

const QR = "shenhai-enrol:1:7K3MPQ0Z:ab12cd34ef567890";

describe("a code being typed", () => {
  it.each([
    ["7k3mpq0z", "7K3MPQ0Z"],
    ["7K3M-PQ0Z", "7K3MPQ0Z"],
    [" 7k3m pq0z ", "7K3MPQ0Z"],
    ["7K3M—PQ0Z", "7K3MPQ0Z"],
    ["oOiIlL01", "00111101"],
    ["７Ｋ３Ｍ－ＰＱ０Ｚ", "7K3MPQ0Z"],
  ])("%s is read as %s", (typed, code) => {
    expect(readCode(typed)).toBe(code);
  });

  it.each(["", "7K3M-PQ0", "7K3M-PQ0Z9", "UUUUUUUU", "登记码"])("%j is not one", (typed) => {
    expect(readCode(typed)).toBeNull();
  });

  it("is shown in two groups of four as far as it goes, and no longer than a code", () => {
    expect(shownCode("7k3")).toBe("7K3");
    expect(shownCode("7k3m")).toBe("7K3M");
    expect(shownCode("7k3mp")).toBe("7K3M-P");
    expect(shownCode("7k3m-pq0z-99")).toBe("7K3M-PQ0Z");
  });
});

describe("the text of a QR code", () => {
  it("is kept whole, so that the core compares the authority it names", () => {
    expect(isQrText(QR)).toBe(true);
    expect(shownCode(` ${QR}\n`)).toBe(QR);
    expect(readCode(` ${QR}\n`)).toBe(QR);
  });

  it("is told from a code that happens to begin with the same letters", () => {
    expect(isQrText("shenhai")).toBe(false);
  });
});
