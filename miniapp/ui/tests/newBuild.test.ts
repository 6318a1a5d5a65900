import { describe, expect, it } from "vitest";
import { entryOf } from "@ui/state/newBuild";

describe("the build a page is of", () => {
  it("is told by the name of its entry script, wherever its attributes stand", () => {
    expect(entryOf('<script type="module" crossorigin src="/assets/hotline-CS44DQDh.js"></script>')).toBe(
      "/assets/hotline-CS44DQDh.js",
    );
  });

  it("is not told by the page of a proxy, nor by one that was never built", () => {
    expect(entryOf("<html><h1>请登录无线网络</h1><script src=\"https://portal.example/x.js\"></script></html>")).toBeNull();
    expect(entryOf('<script type="module" src="./src/main.ts"></script>')).toBeNull();
  });
});
