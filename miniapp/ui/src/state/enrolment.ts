// The one-time code of a device that signs in for the first time: how it is typed, where it waits while the person
// goes through the container once more, and that the authority is still to be compared afterwards.
// Not here: whether a code is good (gateway). Used by the sign-in panel and the notice after it.

import { shallowReadonly, shallowRef } from "vue";

/** Crockford's base 32; O is read as 0, I and L as 1. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS = 8;
const QR = /^shenhai-enrol:\d+:/i;

/** The code in what was typed, as far as it goes: upper case, without spaces, hyphens and what no code has. */
function codeLetters(typed: string): string {
  return Array.from(typed.normalize("NFKC").toUpperCase().replace(/O/g, "0").replace(/[IL]/g, "1"))
    .filter((letter) => ALPHABET.includes(letter))
    .join("");
}

/** What the field shows: `XXXX-XXXX` as far as typed, or the text of a QR code as it is. */
export function shownCode(typed: string): string {
  if (isQrText(typed)) return typed.trim();
  const letters = codeLetters(typed).slice(0, CODE_CHARS);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}

/** Whether this is, or begins like, the text of an invitation's QR code. */
export function isQrText(typed: string): boolean {
  return QR.test(typed.trim());
}

/** What the core is given: eight letters, or the whole text of the QR code. `null` while neither is complete. */
export function readCode(typed: string): string | null {
  if (isQrText(typed)) return typed.trim();
  const letters = codeLetters(typed);
  return letters.length === CODE_CHARS ? letters : null;
}

/** Where the code waits in this tab. It is good once and for minutes only. */
const KEPT_CODE = "shenhai.enrolmentCode";
/** Where the browser forbids storage: as long as the page lives. */
let fallback: string | null = null;

export function keepCode(code: string | null): void {
  fallback = code;
  try {
    if (code === null) sessionStorage.removeItem(KEPT_CODE);
    else sessionStorage.setItem(KEPT_CODE, code);
  } catch {
    // A browser may forbid storage.
  }
}

export function keptCode(): string | null {
  try {
    return sessionStorage.getItem(KEPT_CODE) ?? fallback;
  } catch {
    return fallback;
  }
}

const comparing = shallowRef(false);

/** This device was let in by a code just now: the person is to compare the authority. */
export const toCompare = shallowReadonly(comparing);

export function askToCompare(ask: boolean): void {
  comparing.value = ask;
}
