// Whether the drawer with account and device is open: its button and a notice both open it.
// Not here: what it shows (MePanel). Used by the desk's root and head.

import { ref } from "vue";

export const accountOpen = ref(false);
