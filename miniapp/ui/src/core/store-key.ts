// The key of the store on disk: 16 random bytes, kept only wrapped by a WebCrypto key that this browser never
// hands out (AES-GCM, not extractable). Both lie in IndexedDB, beside the files they protect.
// Not here: what is encrypted with it. Called by the Worker before it opens the store.

import type { App } from "./waist";

const DATABASE = "shenhai-keys";
const TABLE = "store";

interface KeptKey {
  wrapping: CryptoKey;
  iv: Uint8Array<ArrayBuffer>;
  wrapped: ArrayBuffer;
}

/** `null` where the browser offers no place for a key. A kept key that cannot be read is an error, never replaced. */
export async function loadStoreKey(app: App): Promise<Uint8Array<ArrayBuffer> | null> {
  if (typeof crypto.subtle === "undefined") return null;
  const database = await openDatabase();
  if (database === null) return null;
  try {
    const kept = (await done(database.transaction(TABLE).objectStore(TABLE).get(app))) as KeptKey | undefined;
    return kept ? await unwrap(kept) : await makeKey(database, app);
  } finally {
    database.close();
  }
}

async function makeKey(database: IDBDatabase, app: App): Promise<Uint8Array<ArrayBuffer>> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = crypto.getRandomValues(new Uint8Array(16));
  const kept: KeptKey = { wrapping, iv, wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, key) };
  // Strict: a store whose key was lost in a power cut could never be read again. `add`: never over another key.
  const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
  transaction.objectStore(TABLE).add(kept, app);
  await committed(transaction);
  return key;
}

async function unwrap(kept: KeptKey): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, kept.wrapping, kept.wrapped));
}

async function openDatabase(): Promise<IDBDatabase | null> {
  if (typeof indexedDB === "undefined") return null;
  try {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    return await done(request);
  } catch (error) {
    // Forbidden for good in private windows of some browsers. Any other failure may pass.
    if (error instanceof DOMException && ["SecurityError", "InvalidStateError"].includes(error.name)) return null;
    throw error;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
  });
}
