// Whether the screen has room for a list and an order side by side.
// Not here: what is then shown (pages). Used by the light app's root, router and list.

import { readonly, ref } from "vue";

const query = window.matchMedia("(min-width: 960px)");
const matches = ref(query.matches);
query.addEventListener("change", (change) => (matches.value = change.matches));

export const wide = readonly(matches);
