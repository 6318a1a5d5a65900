// A hold on what the pages' Worker is given by the browser: production code offers none. Only without a service worker,
// whose cache would bypass it, and before the page is opened.
import type { BrowserContext, Page, Worker } from "@playwright/test";

/** Run this text in every Worker before its own script. */
export async function hookWorkers(context: BrowserContext, hook: string) {
  await context.route(/worker[^/]*\.js$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `{ ${hook} }\n${await answer.text()}` });
  });
}

export function workerOf(page: Page): Worker {
  const worker = page.workers()[0];
  if (!worker) throw new Error("the page has no worker");
  return worker;
}

/** Remember the open files, so that `closeFiles` can end them as a browser may. */
export const FILES = `
  const open = FileSystemFileHandle.prototype.createSyncAccessHandle;
  self.files = [];
  FileSystemFileHandle.prototype.createSyncAccessHandle = async function (...how) {
    const file = await open.apply(this, how);
    self.files.push(file);
    return file;
  };
`;

export async function closeFiles(page: Page) {
  await workerOf(page).evaluate(() => {
    for (const file of (self as unknown as { files: { close(): void }[] }).files) file.close();
  });
}

/** Remember the connections to IndexedDB, so that `closeDatabases` can end them. */
export const DATABASES = `
  const open = IDBFactory.prototype.open;
  self.databases = [];
  IDBFactory.prototype.open = function (...how) {
    const request = open.apply(this, how);
    request.addEventListener("success", () => self.databases.push(request.result));
    return request;
  };
`;

export async function closeDatabases(page: Page) {
  await workerOf(page).evaluate(() => {
    for (const database of (self as unknown as { databases: IDBDatabase[] }).databases) database.close();
  });
}

/**
 * A disk that can be full: files then take half of what they are given, as after the last free block, and IndexedDB
 * takes nothing. Every Worker asks whether it is; `setFull` tells the running one, `starting` is for those to come.
 */
export const disk = (starting: "free" | "full") => `
  self.full = ${starting === "full"};
  const write = FileSystemSyncAccessHandle.prototype.write;
  FileSystemSyncAccessHandle.prototype.write = function (bytes, how) {
    return write.call(this, self.full ? bytes.subarray(0, bytes.length >> 1) : bytes, how);
  };
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...row) {
    if (self.full) throw new DOMException("no room", "QuotaExceededError");
    return put.apply(this, row);
  };
`;

export async function setFull(page: Page, full: boolean) {
  await workerOf(page).evaluate((now) => Object.assign(self, { full: now }), full);
}
