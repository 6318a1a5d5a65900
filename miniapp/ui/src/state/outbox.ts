// What was signed and not receipted, and what a person can do with one of it.
// Not here: when it is sent (core), what it is called (parts and pages). Used by the outboxes of every entry.

import { ref, type Ref } from "vue";
import type { CmdId, OutboxList, Waist } from "@core";
import { t } from "@ui/i18n";
import { confirmed } from "./confirm";
import { say } from "./failure";
import { useLive, type Live } from "./live";
import { showToast } from "./toast";

export interface Outbox {
  readonly live: Live<OutboxList>;
  /** Which one something is being done with; empty: none. */
  readonly busy: Readonly<Ref<string>>;
  retry(cmd_id: CmdId): Promise<void>;
  /** Asks first; `title` says what it is, `text` what would be lost. */
  discard(cmd_id: CmdId, title: string, text: string): Promise<void>;
  /** Do something else with it, one at a time. */
  doing(cmd_id: CmdId, work: () => Promise<void>): Promise<void>;
}

export function useOutbox(waist: Waist): Outbox {
  const live = useLive(waist, ["outbox", "orders", "session"], () => waist.call("outbox.list", {}));
  const busy = ref("");

  async function doing(cmd_id: CmdId, work: () => Promise<void>): Promise<void> {
    if (busy.value !== "") return;
    busy.value = cmd_id;
    try {
      await work();
    } catch (failure) {
      showToast(say(failure));
    } finally {
      busy.value = "";
    }
  }

  function change(method: "outbox.retry" | "outbox.discard", cmd_id: CmdId, done: string): Promise<void> {
    return doing(cmd_id, async () => {
      live.set(await waist.call(method, { cmd_id }));
      showToast(done);
    });
  }

  return {
    live,
    busy,
    doing,
    retry: (cmd_id) => change("outbox.retry", cmd_id, t("outbox.retried")),
    async discard(cmd_id, title, text) {
      const agreed = await confirmed({
        title: t("outbox.discardTitle", { kind: title }),
        text: text ? `${t("outbox.discardText")}\n\n${text}` : t("outbox.discardText"),
        go: t("outbox.discardGo"),
        harmful: true,
      });
      if (agreed) await change("outbox.discard", cmd_id, t("outbox.discarded"));
    },
  };
}
