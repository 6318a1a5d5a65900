// The neutral entry: whatever packs the person's grants allow, without a word of any of them.
// Not here: pages, rules. Loaded by cases/index.html.

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
provideWaist(app, await openCore({ app: "cases" }));
app.use(router).mount("#app");
keepShellOffline();
watchForNewBuild();
