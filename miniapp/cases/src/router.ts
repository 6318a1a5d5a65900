// Addresses of the neutral entry, after the `#` like those of the light app.
// Not here: who may see what (App.vue asks the session). Used by the pages.

import { createRouter, createWebHashHistory } from "vue-router";
import { recordQuery } from "@ui/state/records/places";
import { wide } from "@ui/state/wide";
import ActPage from "./pages/ActPage.vue";
import MePage from "./pages/MePage.vue";
import OutboxPage from "./pages/OutboxPage.vue";
import RecordListPage from "./pages/RecordListPage.vue";
import RecordPage from "./pages/RecordPage.vue";
import SignInPage from "./pages/SignInPage.vue";

// All pages come with the first load: one fetched later could not be had without a network.

export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (to, from, saved) => (to.path === from.path ? false : (saved ?? { top: 0 })),
  routes: [
    { path: "/", name: "list", component: RecordListPage },
    { path: "/sign-in", name: "sign-in", component: SignInPage },
    { path: "/record/:kind/:id", name: "record", props: true, component: RecordPage },
    { path: "/act/:kind/:act/:role/:id?", name: "act", props: true, component: ActPage },
    { path: "/outbox", name: "outbox", component: OutboxPage },
    { path: "/me", name: "me", component: MePage },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

// Where there is room, a record is shown beside the list and has no page of its own.
router.beforeEach((to) => {
  if (to.name !== "record" || !wide.value) return true;
  const key = { kind: String(to.params["kind"]), id: String(to.params["id"]) };
  return { name: "list", query: recordQuery(key), replace: to.redirectedFrom !== undefined };
});
