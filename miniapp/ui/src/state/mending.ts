// Takes a refused command back into its form, asking first where that form has another draft.
// Not here: what can be mended, and keeping what was typed (core). Used by the outbox.

import type { CmdId, MendReply, Waist } from "@core";

/** Which form to open; `null` when the person would rather keep the other draft. */
export async function takeBack(waist: Waist, cmd_id: CmdId, agree: () => Promise<boolean>): Promise<MendReply | null> {
  const opened = await waist.call("outbox.mend", { cmd_id, replace_draft: false });
  if (!opened.draft_in_the_way) return opened;
  return (await agree()) ? waist.call("outbox.mend", { cmd_id, replace_draft: true }) : null;
}
