// Addresses of the light app, after the `#`: the container's trusted domain and signature know one path only.
// Not here: who may see what (App.vue asks the session). Used by the pages.

import { createRouter, createWebHashHistory } from "vue-router";
import { wide } from "@ui/state/wide";
import ContactPage from "./pages/ContactPage.vue";
import MePage from "./pages/MePage.vue";
import OrderListPage from "./pages/OrderListPage.vue";
import OrderPage from "./pages/OrderPage.vue";
import OutboxPage from "./pages/OutboxPage.vue";
import ReplyPage from "./pages/ReplyPage.vue";
import ReturnPage from "./pages/ReturnPage.vue";
import SignInPage from "./pages/SignInPage.vue";

// All pages come with the first load: one fetched later could not be had without a network.

export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (to, from, saved) => (to.path === from.path ? false : (saved ?? { top: 0 })),
  routes: [
    { path: "/", name: "list", component: OrderListPage },
    { path: "/sign-in", name: "sign-in", component: SignInPage },
    { path: "/order/:id", name: "order", props: true, component: OrderPage },
    { path: "/order/:id/contact", name: "contact", props: true, component: ContactPage },
    { path: "/order/:id/reply", name: "reply", props: true, component: ReplyPage },
    { path: "/order/:id/return", name: "return", props: true, component: ReturnPage },
    { path: "/outbox", name: "outbox", component: OutboxPage },
    { path: "/me", name: "me", component: MePage },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});

// Where there is room, an order is shown beside the list and has no page of its own.
router.beforeEach((to) => {
  if (to.name === "order" && wide.value) return { name: "list", query: { order: String(to.params["id"]) } };
  return true;
});
