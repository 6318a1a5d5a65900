// The platform's small store of secrets in a browser: one lasting key per app and whatever else the core asks to keep
// beside it. Everything lies in IndexedDB, wrapped by a WebCrypto key that this browser never hands out (AES-GCM, not
// extractable) and bound to its name.
// Not here: what the secrets are (core). Called by the Worker, which gives it to the core.

import type { SecretStore } from "./wasm/shenhai_web";
import type { App } from "./waist";

const DATABASE = "shenhai-keys";
const TABLE = "store";

type Bytes = Uint8Array<ArrayBuffer>;

interface Wrapped {
  iv: Bytes;
  wrapped: ArrayBuffer;
}
/** The app's own entry: the key that wraps everything, and the lasting key wrapped by it. */
interface Root extends Wrapped {
  wrapping: CryptoKey;
}

/** `null` where the browser offers no place for secrets. */
export async function lastingSecrets(app: App): Promise<SecretStore | null> {
  if (typeof crypto.subtle === "undefined" || typeof indexedDB === "undefined") return null;
  try {
    (await openDatabase()).close();
  } catch (error) {
    // Forbidden for good in private windows of some browsers. Any other failure may pass.
    if (error instanceof DOMException && ["SecurityError", "InvalidStateError"].includes(error.name)) return null;
    throw error;
  }
  const place = (name: string) => `${app}/${name}`;
  return {
    storeKey: () => withDatabase(async (database) => opened(await rootOf(database, app))),
    keep: (name, value) =>
      withDatabase(async (database) => {
        const entry = value && (await sealed((await rootOf(database, app)).wrapping, place(name), value));
        await write(database, (table) => (entry ? table.put(entry, place(name)) : table.delete(place(name))));
      }),
    kept: (name) =>
      withDatabase(async (database) => {
        const entry = await read<Wrapped>(database, place(name));
        if (!entry) return undefined;
        const { wrapping } = await rootOf(database, app);
        const params = { name: "AES-GCM", iv: entry.iv, additionalData: bound(place(name)) };
        return new Uint8Array(await crypto.subtle.decrypt(params, wrapping, entry.wrapped));
      }),
  };
}

/** Where nothing outlives the page, neither need the secrets. */
export function passingSecrets(): SecretStore {
  const key = crypto.getRandomValues(new Uint8Array(16));
  const values = new Map<string, Uint8Array>();
  return {
    storeKey: async () => key,
    keep: async (name, value) => void (value ? values.set(name, value) : values.delete(name)),
    kept: async (name) => values.get(name),
  };
}

/** The app's entry, made at the first call. One that cannot be read is an error, never replaced. */
async function rootOf(database: IDBDatabase, app: App): Promise<Root> {
  const kept = await read<Root>(database, app);
  if (kept) return kept;
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = crypto.getRandomValues(new Uint8Array(16));
  const made: Root = { wrapping, iv, wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, key) };
  // `add`: never over another key.
  await write(database, (table) => table.add(made, app));
  return made;
}

async function opened({ wrapping, iv, wrapped }: Root): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, wrapping, wrapped));
}

async function sealed(wrapping: CryptoKey, place: string, value: Uint8Array): Promise<Wrapped> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const params = { name: "AES-GCM", iv, additionalData: bound(place) };
  return { iv, wrapped: await crypto.subtle.encrypt(params, wrapping, new Uint8Array(value)) };
}

/** Binds what is wrapped to the place it lies in. */
function bound(place: string): Bytes {
  return new Uint8Array(new TextEncoder().encode(place));
}

async function withDatabase<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> {
  const database = await openDatabase();
  try {
    return await work(database);
  } finally {
    database.close();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
  return done(request);
}

function read<T>(database: IDBDatabase, place: string): Promise<T | undefined> {
  return done(database.transaction(TABLE).objectStore(TABLE).get(place)) as Promise<T | undefined>;
}

/** Resolves once it is on the disk: a store whose key was lost in a power cut could never be read again. */
function write(database: IDBDatabase, change: (table: IDBObjectStore) => void): Promise<void> {
  const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
  change(transaction.objectStore(TABLE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB aborted"));
  });
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB failed"));
  });
}
