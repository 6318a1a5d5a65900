// Signing in: off to 随申办政务云 and back with a one-time code.
// Not here: sessions (core). Called by the sign-in pages of both entries.

import type { SessionStatus, Waist } from "@core";

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

/** Leave for the container's sign-in page. `path` is this page's own. */
export async function leaveToSignIn(waist: Waist, path: string): Promise<void> {
  const { authorize_url } = await waist.call("session.begin", { redirect_uri: location.origin + path });
  location.href = authorize_url;
}

/** Trade what came back for a session. */
export function finishSignIn(waist: Waist, returned: { code: string; state: string }): Promise<SessionStatus> {
  return waist.call("session.sign_in", { code: returned.code, state: returned.state });
}
