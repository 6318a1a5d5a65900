// One question before something that cannot be taken back.
// Not here: what is asked (parts and pages).

import { nextTick } from "vue";
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

const MARK = "question";

/** Vant writes the title where the id of an element belongs, which leaves the dialog without a name. */
async function nameDialog(title: string): Promise<void> {
  await nextTick();
  const dialog = document.querySelector(`.van-dialog.${MARK}`);
  dialog?.removeAttribute("aria-labelledby");
  dialog?.setAttribute("aria-label", title);
}

/** Whether the person said yes. */
export function confirmed({ title, text, go, stay, harmful }: Question): Promise<boolean> {
  const answer = showConfirmDialog({
    className: MARK,
    title,
    message: text,
    messageAlign: "left",
    confirmButtonText: go,
    cancelButtonText: stay ?? t("common.cancel"),
    ...(harmful ? { confirmButtonColor: "var(--danger)" } : {}),
  });
  void nameDialog(title);
  return answer.then(
    () => true,
    () => false,
  );
}
