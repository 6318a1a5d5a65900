// The desk: opens the core and mounts the pages for reviewers in a browser.
// Not here: pages, rules. Loaded by desk/index.html.

import "@ui/theme/vant";
import "@ui/theme/theme.css";
import "@ui/theme/typeSize";
import { createApp } from "vue";
import { openCore } from "@core";
import { keepShellOffline } from "@ui/offline";
import { watchForNewBuild } from "@ui/state/newBuild";
import { provideWaist } from "@ui/state/waist";
import App from "./App.vue";
import { router } from "./router";

const app = createApp(App);
provideWaist(app, await openCore({ app: "desk" }));
app.use(router).mount("#app");
keepShellOffline();
watchForNewBuild();
