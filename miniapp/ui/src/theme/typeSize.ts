// Large type: a choice of the person on this device, kept in the browser and put on the root element.
// Not here: the sizes (theme.css). Called by the entries and by the page of one's own.

import { ref, watch } from "vue";

const KEY = "shenhai.largeType";

function kept(): boolean {
  try {
    return localStorage.getItem(KEY) === "1";
  } catch {
    // A browser may forbid storage; normal type is then as good as any.
    return false;
  }
}

export const largeType = ref(kept());

watch(
  largeType,
  (large) => {
    if (large) document.documentElement.dataset["type"] = "large";
    else delete document.documentElement.dataset["type"];
    try {
      localStorage.setItem(KEY, large ? "1" : "0");
    } catch {
      // As above: the choice then lasts as long as the page.
    }
  },
  { immediate: true },
);
