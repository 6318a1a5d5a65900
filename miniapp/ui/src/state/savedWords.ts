// What to say after something was signed and kept: that it is on its way, or that it waits for the network.
// Not here: sending (core). Used by the pages of one record and the form pages.

import type { SessionStatus, SyncStatus } from "@core";
import { t } from "@ui/i18n";

export function savedWords(sync: SyncStatus | null, session: SessionStatus | null, what: "accept" | "form"): string {
  const waits = sync === null || sync.phase === "offline" || sync.phase === "backoff" || session?.expired === true;
  if (what === "accept") return t(waits ? "detail.acceptedOffline" : "detail.accepted");
  return t(waits ? "formPage.submittedOffline" : "formPage.submittedSent");
}
