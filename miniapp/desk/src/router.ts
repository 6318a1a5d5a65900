// Addresses of the desk, after the `#`. An open order is part of the address, so that it can be passed on.
// Not here: who may see what (App.vue asks the session). Used by the pages.

import { createRouter, createWebHashHistory } from "vue-router";
import DeskPage from "./pages/DeskPage.vue";
import DevicesPage from "./pages/DevicesPage.vue";
import SignInPage from "./pages/SignInPage.vue";

export const router = createRouter({
  history: createWebHashHistory(),
  routes: [
    { path: "/sign-in", name: "sign-in", component: SignInPage },
    { path: "/", name: "desk", component: DeskPage },
    { path: "/order/:id", name: "order", component: DeskPage, props: true },
    { path: "/devices", name: "devices", component: DevicesPage },
    { path: "/:rest(.*)*", redirect: "/" },
  ],
});
