// Whether the screen has room for a list and a record side by side.
// Not here: what is then shown (pages). Used by the roots, routers and lists of the entries.

import { readonly, ref } from "vue";

const query = window.matchMedia("(min-width: 900px)");
const matches = ref(query.matches);
query.addEventListener("change", (change) => (matches.value = change.matches));

export const wide = readonly(matches);
