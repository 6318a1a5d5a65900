import { describe, expect, it } from "vitest";
import type { MendParams, MendReply, MethodName, Waist } from "@core";
import { takeBack } from "@ui/state/mending";

/** A core whose form has another draft, or none. */
function coreWith(another: boolean): { waist: Waist; asked: MendParams[] } {
  const asked: MendParams[] = [];
  const call = async (method: MethodName, params: MendParams): Promise<MendReply> => {
    expect(method).toBe("outbox.mend");
    asked.push(params);
    return { order_id: "12345-1", kind: "contact", draft_in_the_way: another && !params.replace_draft };
  };
  return { waist: { call } as unknown as Waist, asked };
}

describe("taking a refused command back into its form", () => {
  it("asks nothing where nothing would be lost", async () => {
    const { waist, asked } = coreWith(false);
    const opened = await takeBack(waist, "c1", () => Promise.reject(new Error("asked")));
    expect(opened).toMatchObject({ order_id: "12345-1", kind: "contact" });
    expect(asked).toEqual([{ cmd_id: "c1", replace_draft: false }]);
  });

  it("replaces another draft only when the person says so", async () => {
    const refused = coreWith(true);
    expect(await takeBack(refused.waist, "c1", async () => false)).toBeNull();
    expect(refused.asked).toEqual([{ cmd_id: "c1", replace_draft: false }]);

    const agreed = coreWith(true);
    expect(await takeBack(agreed.waist, "c1", async () => true)).toMatchObject({ draft_in_the_way: false });
    expect(agreed.asked.map((params) => params.replace_draft)).toEqual([false, true]);
  });
});
