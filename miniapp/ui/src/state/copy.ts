// Text to the clipboard, with a word about how it went.
// Used by parts and pages.

import { t } from "@ui/i18n";
import { showToast } from "./toast";

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(t("common.copied"));
  } catch {
    showToast(t("common.copyFailed"));
  }
}
