// Addresses of the light app, after the `#`: the container's trusted domain and signature know one path only.
// Not here: who may see what (App.vue asks the session). Used by the pages.

import { createRouter, createWebHashHistory } from "vue-router";
import OrderListPage from "./pages/OrderListPage.vue";
import SignInPage from "./pages/SignInPage.vue";

export const router = createRouter({
  history: createWebHashHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: "/", name: "list", component: OrderListPage },
    { path: "/sign-in", name: "sign-in", component: SignInPage },
    { path: "/order/:id", name: "order", props: true, component: () => import("./pages/OrderPage.vue") },
    { path: "/order/:id/contact", name: "contact", props: true, component: () => import("./pages/ContactPage.vue") },
    { path: "/order/:id/reply", name: "reply", props: true, component: () => import("./pages/ReplyPage.vue") },
    { path: "/order/:id/return", name: "return", props: true, component: () => import("./pages/ReturnPage.vue") },
    { path: "/outbox", name: "outbox", component: () => import("./pages/OutboxPage.vue") },
    { path: "/me", name: "me", component: () => import("./pages/MePage.vue") },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});
