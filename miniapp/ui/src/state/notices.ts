// What a person must know before relying on this page, the gravest first.
// Not here: how it looks (NoticeBars). Words and order only: what is the case is the core's to say.

import { computed, ref, watch, type ComputedRef, type Ref } from "vue";
import type { CoreStatus, LockStatus, SessionStatus, SyncStatus } from "@core";
import { span } from "@ui/format/time";
import { t } from "@ui/i18n";
import { newBuild } from "./newBuild";
import type { SessionState } from "./session";

export type NoticeAction = "signIn" | "setPin" | "sync" | "reload" | "changeOver" | "dismiss";

export interface Notice {
  id: string;
  tone: "danger" | "warn" | "info";
  text: string;
  action?: NoticeAction;
}

/** A device clock further off than this is worth a word, milliseconds. */
const SKEW_WORTH_SAYING = 120_000;

function ofCore(core: CoreStatus): Notice | null {
  switch (core.phase) {
    case "unresponsive":
      return { id: "unresponsive", tone: "warn", text: t("notice.unresponsive") };
    case "restarting":
      return { id: "restarting", tone: "info", text: t("notice.restarting") };
    case "store_busy":
      return { id: "store-busy", tone: "warn", text: t("notice.storeBusy") };
    case "store_full":
      return { id: "store-full", tone: "danger", text: t("notice.storeFull") };
    case "store_failed":
      return { id: "store-failed", tone: "danger", text: t("notice.storeFailed") };
    case "owner_silent":
      return { id: "owner-silent", tone: "warn", text: t("notice.ownerSilent") };
    case "failed":
      return { id: "failed", tone: "danger", text: t("notice.failed"), action: "reload" };
    default:
      return null;
  }
}

/** Who may be trusted, and what of it is in doubt. */
export function ofTrust(session: SessionStatus | null, sync: SyncStatus | null): Notice[] {
  const shown: Notice[] = [];
  if (sync?.last_error === "authority_changed") {
    shown.push({ id: "authority-changed", tone: "danger", text: t("notice.authorityChanged") });
  }
  if (session?.revoked) shown.push({ id: "revoked", tone: "danger", text: t("notice.revoked") });
  if (session?.rollback_suspected) shown.push({ id: "rollback", tone: "danger", text: t("notice.rollback") });
  if (session?.log_forked) shown.push({ id: "log-forked", tone: "danger", text: t("notice.logForked") });
  if (session?.lease_expired) {
    shown.push({ id: "lease-expired", tone: "warn", text: t("notice.leaseExpired"), action: "sync" });
  }
  return shown;
}

/** What synchronisation brings cannot be kept. */
export function ofDisk(sync: SyncStatus | null): Notice | null {
  if (sync?.last_error !== "storage_full") return null;
  return { id: "disk-full", tone: "danger", text: t("notice.diskFull") };
}

function ofClock(sync: SyncStatus | null): Notice | null {
  const skew = sync?.clock_skew_ms ?? 0;
  if (Math.abs(skew) < SKEW_WORTH_SAYING) return null;
  const direction = t(skew > 0 ? "notice.clockAhead" : "notice.clockBehind");
  return { id: "clock", tone: "warn", text: t("notice.clock", { direction, span: span(skew) }) };
}

/** The rules want a PIN and there is none. */
export function ofLock(session: SessionStatus | null, lock: LockStatus | null): Notice | null {
  if (!session?.user || session.revoked || !lock?.pin_required || lock.pin_set || !lock.available) return null;
  return { id: "pin-needed", tone: "warn", text: t("notice.pinNeeded"), action: "setPin" };
}

export interface Notices {
  readonly notices: ComputedRef<Notice[]>;
  /** The person has read it. */
  dismiss(id: string): void;
}

/** Somebody was signed in before the core had to start again, and nobody is now: their data is not there any more. */
export function useLostData(session: () => SessionStatus | null, core: () => CoreStatus): Ref<boolean> {
  const lost = ref(false);
  let signedInUnder: number | null = null;
  // Not the core's status: what is known of the session is then still what the core before had said.
  watch(session, (who) => {
    const { restarts } = core();
    if (who === null || who.lock !== "open") return;
    if (who.user !== null) {
      signedInUnder = restarts;
      lost.value = false;
      return;
    }
    if (signedInUnder !== null && restarts > signedInUnder) lost.value = true;
    signedInUnder = null;
  });
  return lost;
}

export function useNotices({ session, sync, lock, core }: SessionState): Notices {
  const restartsSeen = ref(core.value.restarts);
  const restarted = ref(false);
  watch(core, (status) => {
    // Told when it works again, not before: a restart is counted as soon as it begins.
    if (status.phase !== "ready") return;
    if (status.restarts > restartsSeen.value) restarted.value = true;
    restartsSeen.value = status.restarts;
  });

  const lost = useLostData(() => session.value.value, () => core.value);

  const notices = computed<Notice[]>(() => {
    const who = session.value.value;
    const durability = core.value.durability ?? who?.durability;
    const shown: (Notice | null | false | undefined)[] = [
      ofCore(core.value),
      lost.value && { id: "data-lost", tone: "danger", text: t("notice.dataLost"), action: "dismiss" },
      ...ofTrust(who, sync.value.value),
      who?.expired && !who.revoked && { id: "expired", tone: "warn", text: t("notice.expired"), action: "signIn" },
      durability === "best_effort" && { id: "best-effort", tone: "danger", text: t("notice.bestEffort") },
      ofLock(who, lock.value.value),
      ofDisk(sync.value.value),
      ofClock(sync.value.value),
      core.value.role === "follower" &&
        core.value.phase === "ready" && { id: "follower", tone: "info", text: t("notice.follower") },
      newBuild.value && { id: "new-build", tone: "info", text: t("notice.newBuild"), action: "changeOver" },
      restarted.value && !lost.value && { id: "restarted", tone: "info", text: t("notice.restarted"), action: "dismiss" },
    ];
    return shown.filter((notice): notice is Notice => Boolean(notice));
  });
  return {
    notices,
    dismiss(id) {
      if (id === "data-lost") lost.value = false;
      if (id === "restarted") restarted.value = false;
    },
  };
}
