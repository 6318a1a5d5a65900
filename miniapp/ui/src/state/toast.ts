// A few words about what was just done, shown for a moment.
// Not here: what must not be missed (NoticeBars, dialogs). Said by parts and pages, shown by ToastHost.

import { shallowReadonly, shallowRef } from "vue";

/** Time to read it, milliseconds: one part for noticing, one for each character. */
const NOTICE_MILLIS = 1500;
const CHAR_MILLIS = 90;

const shown = shallowRef("");
let timer: ReturnType<typeof setTimeout> | undefined;

export const toast = shallowReadonly(shown);

export function showToast(text: string): void {
  clearTimeout(timer);
  shown.value = text;
  timer = setTimeout(() => (shown.value = ""), NOTICE_MILLIS + CHAR_MILLIS * text.length);
}
