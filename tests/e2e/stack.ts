// The running system a test talks to: the emulated city, the gateway and the link between them and the
// browser, started once for all tests of a worker as one `shenhai-stack` process.
import { test as base, expect, type Page } from "@playwright/test";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const target = resolve(process.env.SHENHAI_TARGET ?? "../../target");
const screens = join(target, "screenshots");
mkdirSync(screens, { recursive: true });

export interface Feedback {
  feedbackId: string;
  orderNo: string;
  action: string;
  content: Record<string, unknown>;
  deliveries: number;
}

export class Stack {
  constructor(
    /** Origin the browser uses; goes through the link that a test may cut. */
    readonly gateway: string,
    readonly city: string,
    private readonly control: string,
  ) {}

  async link(up: boolean) {
    await post(`${this.control}/link`, { up });
  }

  /** Lose the next `count` answers after the gateway has done the work. */
  async dropReplies(count: number) {
    await post(`${this.control}/drop-replies`, { count });
  }

  async restartGateway() {
    await post(`${this.control}/restart-gateway`, {});
  }

  async pushOrder(channel: string, order: Record<string, unknown>) {
    return (await post(`${this.city}/admin/push-order`, { channel, order })) as {
      status: number;
      body: { code: number; orderId: string | null; duplicate: boolean };
    };
  }

  /** Push several synthetic orders, as the emulator makes them. */
  async pushMany(channel: string, count: number, seed: number) {
    await post(`${this.city}/admin/push`, { channel, count, seed });
  }

  async feedback(orderNo: string): Promise<Feedback[]> {
    const answer = await fetch(`${this.city}/admin/feedback?order_no=${encodeURIComponent(orderNo)}`);
    return ((await answer.json()) as { feedback: Feedback[] }).feedback;
  }
}

async function post(url: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** The folder of the built pages. */
export const builtPages = process.env.SHENHAI_WEB ?? resolve("../../miniapp/dist");

interface Running {
  stack: Stack;
  stop: () => Promise<void>;
}

async function start(...further: string[]): Promise<Running> {
  return startWith(builtPages, ...further);
}

/** A stack whose gateway serves the pages in this folder. */
export async function startWith(web: string, ...further: string[]): Promise<Running> {
  const binary = process.env.SHENHAI_STACK ?? join(target, "debug/shenhai-stack");
  const data = mkdtempSync(join(tmpdir(), "shenhai-e2e-"));
  const child = spawn(binary, ["--web", web, "--orders", "0", "--data", data, ...further], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise<string>((done, fail) => {
    lines.once("line", done);
    child.once("exit", (code) => fail(new Error(`shenhai-stack ended with ${code} before it was ready`)));
  });
  const urls = JSON.parse(first) as { gateway: string; city: string; control: string };
  const stop = async () => {
    const ended = new Promise((done) => child.once("exit", done));
    child.stdin.end();
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  return { stack: new Stack(urls.gateway, urls.city, urls.control), stop };
}

export const test = base.extend<object, { stack: Stack; guarded: Stack; packed: Stack }>({
  /** A stack of its own that works by tests/packs/river. */
  packed: [
    async ({}, use) => {
      const { stack, stop } = await start("--pack", resolve("../packs/river"));
      await use(stack);
      await stop();
    },
    { scope: "worker" },
  ],
  /** A stack of its own whose rules are those of trust.toml. */
  guarded: [
    async ({}, use) => {
      const { stack, stop } = await start("--trust", resolve("trust.toml"));
      await use(stack);
      await stop();
    },
    { scope: "worker" },
  ],
  stack: [
    async ({}, use) => {
      const { stack, stop } = await start();
      await use(stack);
      await stop();
    },
    { scope: "worker" },
  ],
});

export { expect };

/** Keep what the page shows now for people to look at. */
export async function keep(page: Page, name: string) {
  await page.screenshot({ path: join(screens, `${name}.png`) });
}

let numbers = 0;

/** An order as an upper platform pushes it, for the first handler of 黄浦 unless told otherwise. */
export function order(changes: Record<string, unknown> = {}) {
  numbers += 1;
  const now = new Date(Date.now() + 8 * 3600_000).toISOString();
  return {
    orderNo: `E2E${process.pid}${String(numbers).padStart(5, "0")}`,
    urgency: "普通",
    appealType: "投诉",
    category: "排水/管道堵塞",
    title: "样例路88弄污水管道堵塞，雨天返水",
    content: "市民反映：样例路88弄小区门口污水管道堵塞，雨天污水返涌，影响出行，要求尽快疏通。（样例）",
    address: "黄浦区样例路88弄",
    areaCode: "310101",
    lng: 121.4844,
    lat: 31.2316,
    coordType: "wgs84",
    caller: { name: "王某（样例）", phone: "19900001234", anonymous: false, confidential: false },
    acceptTime: `${now.slice(0, 10)} ${now.slice(11, 19)}`,
    isReview: false,
    supervised: false,
    urgeCount: 0,
    duplicateOrderNo: null,
    ...changes,
  };
}

/** Sign in through the emulated container as this person, the way a handler does. */
export async function signIn(page: Page, stack: Stack, app: "hotline" | "desk" | "cases", user: string) {
  await page.goto(`${stack.gateway}/${app}/`);
  await page.getByRole("button", { name: "用随申办政务云登录" }).click();
  await page.locator(`[data-user="${user}"]`).click();
  await page.waitForURL(`${stack.gateway}/${app}/**`);
}

/** Once this holds the page can be opened without a network. */
export async function shellKept(page: Page) {
  await page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    return registration?.active?.state === "activated" && navigator.serviceWorker.controller !== null;
  });
}

/** The row of this order in a list. `channel` is the platform that pushed it. */
export function rowOf(page: Page, pushed: { orderNo: string }, channel = "12345") {
  return page.locator(`[data-testid="order-row"][data-order="${channel}-${pushed.orderNo}"]`);
}

/** Choose an option of a form's choice field by what it says. */
export async function choose(page: Page, field: string, option: string) {
  await page.getByTestId(`field-${field}`).getByText(option, { exact: true }).click();
}

/** On the page of an order: 先行联系 reached the gateway, and so often. */
export async function contacted(page: Page, times: number) {
  const delivery = page.getByTestId("record-contact").getByTestId("delivery");
  await expect(delivery).toContainText("已送达", { timeout: 30_000 });
  await expect(page.getByTestId("timeline").locator('[data-kind="contacted"]')).toHaveCount(times);
}
