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
  const table = await KeyTable.open();
  if (table === null) return null;
  const key = ((await table.read(app)) as KeptKey | undefined) ?? (await makeKey(table, app));
  table.remember(app, key);
  // One row per name, beside the app's own: `hotline/lock`.
  const row = (name: string) => `${app}/${name}`;
  return {
    storeKey: () => unwrap(key.wrapping, key),
    keep: async (name, value) => {
      const kept = value === undefined ? undefined : await wrap(key.wrapping, new Uint8Array(value));
      await table.write(row(name), kept);
    },
    kept: async (name) => {
      const kept = (await table.read(row(name))) as Wrapped | undefined;
      return kept === undefined ? undefined : await unwrap(key.wrapping, kept);
    },
  };
}

/**
 * The table of wrapped values. The browser may close its connection at any time, for example to free what it thinks is
 * unused, and may even empty it under a living page: it is then opened anew, and what was known is put back.
 */
class KeyTable {
  private readonly known = new Map<string, Wrapped>();
  private emptied = false;

  private constructor(private database: IDBDatabase | null) {
    this.watch();
  }

  /** `null` where the browser forbids it for good. */
  static async open(): Promise<KeyTable | null> {
    const database = await openDatabase();
    return database === null ? null : new KeyTable(database);
  }

  /** What this page has seen kept: a table found empty later has lost it. */
  remember(row: string, value: Wrapped | undefined): void {
    if (value === undefined) this.known.delete(row);
    else this.known.set(row, value);
  }

  async read(row: string): Promise<unknown> {
    const found = await this.persistently(async (database) => {
      const request = database.transaction(TABLE).objectStore(TABLE).get(row);
      return (await done(request)) as Wrapped | undefined;
    });
    this.remember(row, found);
    return found;
  }

  /** Resolves once it is on the disk. `add`: never over another value. */
  async write(row: string, value: Wrapped | undefined, how: "put" | "add" = "put"): Promise<void> {
    await this.persistently(async (database) => {
      // Strict: a counted attempt or a new key must not be lost in a power cut.
      const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
      const table = transaction.objectStore(TABLE);
      if (value === undefined) table.delete(row);
      else table[how](value, row);
      await committed(transaction);
    });
    this.remember(row, value);
  }

  /** Every work here says a whole value, so doing it a second time on a new connection does no harm. */
  private async persistently<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> {
    try {
      return await work(this.database ?? (await this.reopen()));
    } catch (error) {
      if (error instanceof DOMException && ["QuotaExceededError", "ConstraintError"].includes(error.name)) throw error;
      return work(await this.reopen());
    }
  }

  private async reopen(): Promise<IDBDatabase> {
    this.database?.close();
    this.emptied = false;
    const database = await openDatabase(() => (this.emptied = true));
    if (database === null) throw new Error("IndexedDB was taken away");
    if (this.emptied) {
      const transaction = database.transaction(TABLE, "readwrite", { durability: "strict" });
      for (const [row, value] of this.known) transaction.objectStore(TABLE).put(value, row);
      await committed(transaction);
    }
    this.database = database;
    this.watch();
    return database;
  }

  private watch(): void {
    const { database } = this;
    if (database === null) return;
    const lost = () => {
      if (this.database === database) this.database = null;
    };
    database.onclose = lost;
    // Whoever wants to remove or change the database waits for this connection to end.
    database.onversionchange = () => {
      database.close();
      lost();
    };
  }
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

async function makeKey(table: KeyTable, app: App): Promise<KeptKey> {
  const wrapping = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const kept: KeptKey = { wrapping, ...(await wrap(wrapping, crypto.getRandomValues(new Uint8Array(16)))) };
  await table.write(app, kept, "add");
  return kept;
}

async function wrap(wrapping: CryptoKey, value: Uint8Array<ArrayBuffer>): Promise<Wrapped> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, wrapped: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, wrapping, value) };
}

async function unwrap(wrapping: CryptoKey, kept: Wrapped): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: kept.iv }, wrapping, kept.wrapped));
}

/** `made` is told when there was none and one was made. */
async function openDatabase(made: () => void = () => undefined): Promise<IDBDatabase | null> {
  if (typeof indexedDB === "undefined") return null;
  try {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(TABLE);
      made();
    };
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
