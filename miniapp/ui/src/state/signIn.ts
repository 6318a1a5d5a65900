// Signing in: off to 随申办政务云 and back with a one-time code.
// Not here: sessions (core). Called by the sign-in pages of both entries.

import type { SessionStatus, Waist } from "@core";
import { askToCompare, keepCode, keptCode } from "./enrolment";
import { codeOf } from "./failure";

/** The answer of the container, as found in the page's address. */
export type Returned = { kind: "none" } | { kind: "denied" } | { kind: "code"; code: string; state: string };

export function readReturn(search: string): Returned {
  const query = new URLSearchParams(search);
  const code = query.get("code");
  const state = query.get("state");
  if (code && state) return { kind: "code", code, state };
  return state ? { kind: "denied" } : { kind: "none" };
}

/** Take code and state out of the address, so that neither a reload nor a shared link uses them again. */
export function cleanAddress(): void {
  history.replaceState(history.state, "", location.pathname + location.hash);
}

/** Where `state` waits in this tab: a core that keeps nothing forgets it when the page is left. */
const KEPT_STATE = "shenhai.signInState";

function keepState(state: string): void {
  try {
    sessionStorage.setItem(KEPT_STATE, state);
  } catch {
    // A browser may forbid storage; a core that keeps its own data does without.
  }
}

/** The state kept before leaving; good once. */
function takeState(): string | null {
  try {
    const state = sessionStorage.getItem(KEPT_STATE);
    sessionStorage.removeItem(KEPT_STATE);
    return state;
  } catch {
    // As above.
    return null;
  }
}

/** Leave for the container's sign-in page. `path` is this page's own. */
export async function leaveToSignIn(waist: Waist, path: string): Promise<void> {
  const begun = await waist.call("session.begin", { redirect_uri: location.origin + path });
  keepState(begun.state);
  location.href = begun.authorize_url;
}

/** Trade what came back for a session. */
export async function finishSignIn(waist: Waist, returned: { code: string; state: string }): Promise<SessionStatus> {
  const kept = takeState();
  const enrolment = keptCode();
  try {
    const status = await waist.call("session.sign_in", {
      code: returned.code,
      state: returned.state,
      ...(kept === null ? {} : { kept_state: kept }),
      ...(enrolment === null ? {} : { enrolment_code: enrolment }),
    });
    if (enrolment !== null) askToCompare(true);
    keepCode(null);
    return status;
  } catch (failure) {
    // Not spent by what may pass, nor where the sign-in begins once more with another key.
    if (codeOf(failure) === "bad_enrolment_code") keepCode(null);
    throw failure;
  }
}
