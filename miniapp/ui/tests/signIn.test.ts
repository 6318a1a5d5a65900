import { describe, expect, it } from "vitest";
import { readReturn } from "@ui/state/signIn";

describe("coming back from the container", () => {
  it("brings a one-time code and the state", () => {
    expect(readReturn("?code=c1&state=s1")).toEqual({ kind: "code", code: "c1", state: "s1" });
  });

  it("without a code means the person said no", () => {
    expect(readReturn("?state=s1")).toEqual({ kind: "denied" });
  });

  it("is not what a plain visit looks like", () => {
    expect(readReturn("")).toEqual({ kind: "none" });
    expect(readReturn("?code=c1")).toEqual({ kind: "none" });
  });
});
