// A component of the records' parts on a page, with a core that is made up and the addresses of the neutral entry.

import { createApp, h, nextTick, type Component } from "vue";
import { createMemoryHistory, createRouter, type Router } from "vue-router";
import { provideSession } from "@ui/state/session";
import { provideWaist } from "@ui/state/waist";
import type { FakeCore } from "./fakeCore";

const Nothing = { render: () => null };

export interface Mounted {
  router: Router;
  /** By its test id; fails where there is none. */
  part(testid: string): HTMLElement;
  parts(testid: string): HTMLElement[];
  text(): string;
  press(testid: string): Promise<void>;
  type(testid: string, text: string): Promise<void>;
  unmount(): void;
}

/** Everything that hangs on promises already settled has run, and is drawn. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await new Promise((done) => setTimeout(done));
    await nextTick();
  }
}

export async function mount(core: FakeCore, component: Component, props: Record<string, unknown> = {}): Promise<Mounted> {
  // Vant keeps its one dialog beside it, for good.
  const place = document.body.appendChild(document.createElement("div"));
  const page = (path: string, name: string) => ({ path, name, component: Nothing });
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      page("/", "list"),
      page("/record/:kind/:id", "record"),
      page("/act/:kind/:act/:role/:id?", "act"),
      page("/outbox", "outbox"),
      page("/me", "me"),
    ],
  });
  await router.push("/me");
  const app = createApp({
    setup() {
      provideSession();
      return () => h(component, props);
    },
  });
  provideWaist(app, core.waist);
  app.use(router).mount(place);
  await settled();

  const parts = (testid: string) => Array.from(document.querySelectorAll<HTMLElement>(`[data-testid="${testid}"]`));
  const part = (testid: string) => {
    const [first] = parts(testid);
    if (!first) throw new Error(`nothing is called ${testid} in ${document.body.innerHTML.slice(0, 2000)}`);
    return first;
  };
  return {
    router,
    part,
    parts,
    text: () => document.body.textContent ?? "",
    async press(testid) {
      part(testid).click();
      await settled();
    },
    async type(testid, text) {
      const box = part(testid) as HTMLInputElement;
      box.value = text;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      await settled();
    },
    unmount() {
      app.unmount();
      place.remove();
    },
  };
}
