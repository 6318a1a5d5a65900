// The verification of an order's signed commands: asked when the order is opened and again when it has changed.
// Not here: verifying (core). Used by the desk's order pane, shown by ProofVerdict and ProofPanel.

import { ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import type { ErrorCode, OrderId, ProofItem, ProofReport, Waist } from "@core";
import { t } from "@ui/i18n";
import { codeOf } from "./failure";

export interface Proof {
  readonly report: Readonly<ShallowRef<ProofReport | null>>;
  readonly error: Readonly<Ref<ErrorCode | null>>;
  readonly busy: Readonly<Ref<boolean>>;
  verify(): Promise<void>;
}

/** Whether a receipt is in the gateway's log, and which entry it is. */
export function sayLogged({ logged, log_position: position }: Pick<ProofItem, "logged" | "log_position">): string {
  return position === null ? t(`proof.logged.${logged}`) : t("proof.loggedAt", { position });
}

/** `revision` is another value whenever a signed command may have been added, and empty until it is known. */
export function useProof(waist: Waist, orderId: () => OrderId, revision: () => string): Proof {
  const report = shallowRef<ProofReport | null>(null);
  const error = ref<ErrorCode | null>(null);
  const busy = ref(false);
  let round = 0;

  async function verify(): Promise<void> {
    round += 1;
    const mine = round;
    busy.value = true;
    error.value = null;
    try {
      const answer = await waist.call("orders.proof", { id: orderId() });
      if (mine === round) report.value = answer;
    } catch (failure) {
      if (mine === round) error.value = codeOf(failure);
    } finally {
      if (mine === round) busy.value = false;
    }
  }

  watch(
    [orderId, revision],
    ([id, now], [idBefore]) => {
      if (id !== idBefore) {
        // An answer still under way is about the order before.
        round += 1;
        busy.value = false;
        report.value = null;
        error.value = null;
      }
      if (now !== "") void verify();
    },
    { immediate: true },
  );
  return { report, error, busy, verify };
}
