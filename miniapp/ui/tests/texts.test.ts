// The texts against the codes of the protocol, read from its Rust source.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { t } from "@ui/i18n";
import { zhCN } from "@ui/i18n/zh-CN";

const source = readFileSync(new URL("../../../core/protocol/src/error.rs", import.meta.url), "utf8");

/** `BadLoginCode` → `bad_login_code`, as serde writes it. */
const snake = (name: string) => name.replace(/(?!^)([A-Z])/g, "_$1").toLowerCase();

function codesOfTheProtocol(): string[] {
  const body = /ErrorCode \{([\s\S]*?)\n {4}\}/.exec(source)?.[1] ?? "";
  return Array.from(body.matchAll(/^\s+([A-Z]\w*),$/gm), (match) => snake(match[1] ?? ""));
}

describe("texts", () => {
  it("say something of their own for every error code, and for no other", () => {
    const codes = codesOfTheProtocol();
    expect(codes.length).toBeGreaterThan(30);
    expect(Object.keys(zhCN.error).sort()).toEqual(codes.sort());
    expect(new Set(Object.values(zhCN.error)).size).toBe(codes.length);
  });

  it("fill in values and leave unknown places standing", () => {
    expect(t("sync.unsent", { count: 2 })).toBe("2 条待发送");
    expect(t("sync.unsent")).toBe("{count} 条待发送");
  });
});
