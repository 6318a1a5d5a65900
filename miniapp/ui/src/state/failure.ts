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

export function sayCode(code: ErrorCode): string {
  return t(`error.${code}`);
}

export function say(error: unknown): string {
  return sayCode(codeOf(error));
}
