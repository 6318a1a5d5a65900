// The small secrets of the core: the store's key (16 random bytes) and what the core keeps under a name, each kept
// only wrapped by a WebCrypto key that this browser never hands out (AES-GCM, not extractable). WebCrypto knows no SM
// algorithm: it wraps, and what is wrapped is an SM4 key. All lie in IndexedDB, beside the files they protect.
// Not here: what is encrypted with them. Called by the Worker before it opens the store.

import type { SecretStore } from "./wasm/shenhai_web";
import type { App } from "./waist";

const DATABASE = "shenhai-keys";
const TABLE = "store";

interface Wrapped {
  iv: Uint8Array<ArrayBuffer>;
  wrapped: ArrayBuffer;
}
interface KeptKey extends Wrapped {
  wrapping: CryptoKey;
}

/** `null` where the browser offers no place for a key. A kept key that cannot be read is an error, never replaced. */
export async function openSecrets(app: App): Promise<SecretStore | null> {
  if (typeof crypto.subtle === "undefined") return null;
  const database = await openDatabase();
  if (database === null) return null;
  const key = ((await read(database, app)) as KeptKey | undefined) ?? (await makeKey(database, app));
  // One row per name, beside the app's own: `hotline/lock`.
  const row = (name: string) => `${app}/${name}`;
  return {
    storeKey: () => unwrap(key.wrapping, key),
    keep: async (name, value) => {
      const kept = value === undefined ? undefined : await wrap(key.wrapping, new Uint8Array(value));
      // Strict: a counted attempt or a new key must not be lost in a power cut.
      const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
      const table = transaction.objectStore(TABLE);
      if (kept === undefined) table.delete(row(name));
      else table.put(kept, row(name));
      await committed(transaction);
    },
    kept: async (name) => {
      const kept = (await read(database, row(name))) as Wrapped | undefined;
      return kept === undefined ? undefined : await unwrap(key.wrapping, kept);
    },
  };
}

/** For a store that nothing outlives. */
export function passingSecrets(): SecretStore {
  const key = crypto.getRandomValues(new Uint8Array(16));
  const kept = new Map<string, Uint8Array>();
  return {
    storeKey: () => Promise.resolve(key),
    keep: (name, value) => {
      if (value === undefined) kept.delete(name);
      else kept.set(name, value);
      return Promise.resolve();
    },
    kept: (name) => Promise.resolve(kept.get(name)),
  };
}

async function makeKey(database: IDBDatabase, app: App): Promise<KeptKey> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const kept: KeptKey = { wrapping, ...(await wrap(wrapping, crypto.getRandomValues(new Uint8Array(16)))) };
  // Strict: a store whose key was lost in a power cut could never be read again. `add`: never over another key.
  const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
  transaction.objectStore(TABLE).add(kept, app);
  await committed(transaction);
  return kept;
}

async function wrap(wrapping: CryptoKey, value: Uint8Array<ArrayBuffer>): Promise<Wrapped> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, value) };
}

async function unwrap(wrapping: CryptoKey, kept: Wrapped): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, wrapping, kept.wrapped));
}

function read(database: IDBDatabase, row: string): Promise<unknown> {
  return done(database.transaction(TABLE).objectStore(TABLE).get(row));
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
