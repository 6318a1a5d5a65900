// Contrast of the theme's text and background pairs against WCAG 2.2, 1.4.3 (AA): 4.5 to 1.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync(new URL("../src/theme/theme.css", import.meta.url), "utf8");
const PAIRS: readonly (readonly [text: string, background: string])[] = [
  ["ink", "bg"],
  ["ink", "surface"],
  ["ink", "brand-soft"],
  ["ink-2", "surface"],
  ["ink-2", "surface-2"],
  ["ink-3", "bg"],
  ["ink-3", "surface"],
  ["ink-3", "surface-2"],
  ["brand", "bg"],
  ["brand", "surface"],
  ["on-brand", "brand"],
  ["on-brand-soft", "brand-soft"],
  ["danger", "surface"],
  ["danger", "danger-soft"],
  ["surface", "danger"],
  ["warn", "surface"],
  ["warn", "warn-soft"],
  ["ok", "surface"],
  ["ok", "ok-soft"],
  ["on-head", "head-from"],
  ["on-head", "head-to"],
  ["on-toast", "toast"],
];

function colours(block: string): Map<string, string> {
  return new Map(Array.from(block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g), (found) => [found[1] ?? "", found[2] ?? ""]));
}

/** Relative luminance as WCAG defines it. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const light = colours(css.slice(css.indexOf(":root {"), css.indexOf("@media (prefers-color-scheme: dark)")));
const darkStart = css.indexOf("@media (prefers-color-scheme: dark)");
const dark = colours(css.slice(darkStart, css.indexOf(":root:root", darkStart)));

describe.each([
  ["light", light],
  ["dark", dark],
])("the %s theme", (_name, theme) => {
  it.each(PAIRS)("shows %s on %s with at least 4.5 to 1", (text, background) => {
    expect(contrast(theme.get(text) ?? "", theme.get(background) ?? "")).toBeGreaterThanOrEqual(4.5);
  });
});

it("measures black on white as 21 to 1", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5);
});
