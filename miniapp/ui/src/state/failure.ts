// What went wrong, in words.
// Not here: which codes there are (core/protocol) and what they say (i18n). Used by stores and pages.

import type { ErrorCode } from "@core";
import { t } from "@ui/i18n";

/** The code of a failed call; anything that is not a failed call is a defect of the pages. */
export function codeOf(error: unknown): ErrorCode {
  if (typeof error === "object" && error !== null && "code" in error && typeof error.code === "string") {
    return error.code as ErrorCode;
  }
  return "internal";
}

/** Refusals that the same content sent again meets again: only the person can act, elsewhere. */
const DECIDED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "malformed",
  "too_large",
  "form_invalid",
  "forbidden",
  "not_found",
  "scope_denied",
  "order_not_in_scope",
  "reassigned",
  "wrong_state",
  "wrong_actor",
  "wrong_device",
  "exists",
  "record_too_large",
]);

export function isDecided(code: ErrorCode | null): boolean {
  return code !== null && DECIDED.has(code);
}

export function sayCode(code: ErrorCode): string {
  return t(`error.${code}`);
}

export function say(error: unknown): string {
  return sayCode(codeOf(error));
}
