import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Waist } from "@core";
import { askToCompare, keepCode, keptCode, toCompare } from "@ui/state/enrolment";
import { finishSignIn, leaveToSignIn, readReturn } from "@ui/state/signIn";

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

describe("the state of a sign-in", () => {
  const kept = new Map<string, string>();
  const asked: unknown[] = [];
  const waist = {
    call: (method: string, params: unknown) => {
      if (method !== "session.begin") asked.push(params);
      return Promise.resolve({ authorize_url: "https://container.example/", state: "s1" });
    },
  } as unknown as Waist;

  beforeEach(() => {
    kept.clear();
    asked.length = 0;
    vi.stubGlobal("location", { origin: "https://gateway.example", href: "" });
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("survives the way to the container in this tab and is good once", async () => {
    await leaveToSignIn(waist, "/hotline/");
    await finishSignIn(waist, { code: "c1", state: "s1" });
    await finishSignIn(waist, { code: "c2", state: "s1" });
    expect(asked).toEqual([
      { code: "c1", state: "s1", kept_state: "s1" },
      { code: "c2", state: "s1" },
    ]);
    expect(kept.size).toBe(0);
  });

  it("is done without where the browser forbids storage", async () => {
    vi.stubGlobal("sessionStorage", undefined);
    await leaveToSignIn(waist, "/hotline/");
    await finishSignIn(waist, { code: "c1", state: "s1" });
    expect(asked).toEqual([{ code: "c1", state: "s1" }]);
  });
});

describe("the code of a new device", () => {
  const kept = new Map<string, string>();
  const asked: unknown[] = [];
  let answer: () => Promise<unknown>;
  const waist = {
    call: (_method: string, params: unknown) => {
      asked.push(params);
      return answer();
    },
  } as unknown as Waist;

  beforeEach(() => {
    kept.clear();
    asked.length = 0;
    askToCompare(false);
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => {
    keepCode(null);
    vi.unstubAllGlobals();
  });

  it("goes along once, and then the authority is to be compared", async () => {
    keepCode("7K3MPQ0Z");
    answer = () => Promise.resolve({});
    await finishSignIn(waist, { code: "c1", state: "s1" });
    await finishSignIn(waist, { code: "c2", state: "s2" });
    expect(asked).toEqual([
      { code: "c1", state: "s1", enrolment_code: "7K3MPQ0Z" },
      { code: "c2", state: "s2" },
    ]);
    expect(toCompare.value).toBe(true);
  });

  it("is forgotten when it does not fit", async () => {
    keepCode("7K3MPQ0Z");
    answer = () => Promise.reject({ code: "bad_enrolment_code" });
    await expect(finishSignIn(waist, { code: "c1", state: "s1" })).rejects.toEqual({ code: "bad_enrolment_code" });
    expect(keptCode()).toBeNull();
    expect(toCompare.value).toBe(false);
  });

  it("is tried again where the sign-in begins once more with another key", async () => {
    keepCode("7K3MPQ0Z");
    answer = () => Promise.reject({ code: "unauthenticated" });
    await expect(finishSignIn(waist, { code: "c1", state: "s1" })).rejects.toEqual({ code: "unauthenticated" });
    expect(keptCode()).toBe("7K3MPQ0Z");
  });

  it("does without the browser's storage while the page lives", () => {
    vi.stubGlobal("sessionStorage", undefined);
    keepCode("7K3MPQ0Z");
    expect(keptCode()).toBe("7K3MPQ0Z");
  });
});
