import { effectScope, nextTick, ref, type EffectScope } from "vue";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProofReport, Waist } from "@core";
import { sayLogged, useProof } from "@ui/state/proof";

/** Questions answered by hand. */
class Core {
  asked: { id: string; answer(report: Partial<ProofReport>): void; fail(code: string): void }[] = [];
  readonly waist = {
    call: (_method: string, { id }: { id: string }) =>
      new Promise((answer, fail) => this.asked.push({ id, answer, fail: (code) => fail({ code }) })),
  } as unknown as Waist;
}

const settled = () => new Promise((done) => setImmediate(done));

describe("the proof of an order", () => {
  let scope: EffectScope;
  let core: Core;
  const id = ref("a");
  const revision = ref("");
  const open = () =>
    scope.run(() =>
      useProof(
        core.waist,
        () => id.value,
        () => revision.value,
      ),
    )!;

  beforeEach(() => {
    scope = effectScope();
    core = new Core();
    id.value = "a";
    revision.value = "";
  });
  afterEach(() => scope.stop());

  it("is verified without being asked for, once the order is known", async () => {
    const proof = open();
    expect(core.asked).toHaveLength(0);
    revision.value = "replied";
    await nextTick();
    core.asked[0]?.answer({ all_valid: true });
    await settled();
    expect(proof.report.value?.all_valid).toBe(true);
    expect(proof.busy.value).toBe(false);
  });

  it("is verified anew when a command came while it was being verified", async () => {
    revision.value = "contacted";
    const proof = open();
    revision.value = "replied";
    await nextTick();
    core.asked[1]?.answer({ all_valid: false });
    core.asked[0]?.answer({ all_valid: true });
    await settled();
    expect(proof.report.value?.all_valid, "the older answer does not count").toBe(false);
  });

  it("of one order is never shown for another", async () => {
    revision.value = "replied";
    const proof = open();
    core.asked[0]?.answer({ all_valid: true });
    await settled();
    id.value = "b";
    revision.value = "replied again";
    await nextTick();
    expect(proof.report.value).toBeNull();
    id.value = "c";
    revision.value = "";
    await nextTick();
    core.asked[1]?.answer({ all_valid: true });
    await settled();
    expect(proof.report.value, "not even when the answer comes late").toBeNull();
  });

  it("says which entry of the log a receipt is, where that proved right", () => {
    expect(sayLogged({ logged: "valid", log_position: 4711 })).toBe("✔ 已入日志 第 4711 条");
    expect(sayLogged({ logged: "invalid", log_position: null })).toBe("✘ 日志证明无效");
    expect(sayLogged({ logged: "unchecked", log_position: null })).toBe("日志未核对");
  });

  it("says why it could not be had", async () => {
    revision.value = "replied";
    const proof = open();
    core.asked[0]?.fail("offline");
    await settled();
    expect(proof.error.value).toBe("offline");
  });
});
