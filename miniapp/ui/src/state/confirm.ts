// One question before something that cannot be taken back.
// Not here: what is asked (parts and pages).

import { t } from "@ui/i18n";
import { showConfirmDialog } from "@ui/theme/vant";

export interface Question {
  title: string;
  text: string;
  /** What the button that does it says. */
  go: string;
  stay?: string;
  /** It destroys something. */
  harmful?: boolean;
}

/** Whether the person said yes. */
export function confirmed({ title, text, go, stay, harmful }: Question): Promise<boolean> {
  return showConfirmDialog({
    title,
    message: text,
    messageAlign: "left",
    confirmButtonText: go,
    cancelButtonText: stay ?? t("common.cancel"),
    ...(harmful ? { confirmButtonColor: "var(--danger)" } : {}),
  }).then(
    () => true,
    () => false,
  );
}
