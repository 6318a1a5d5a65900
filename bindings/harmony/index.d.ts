// What the native module offers, on HarmonyOS (`libshenhai_harmony.so`) and under Node (`shenhai.node`).
// Requests and answers of `rpc` are those of the waist; their types are generated into miniapp/ui/src/core/gen.

/** How to open the core. */
export interface CoreConfig {
  /** Origin of the gateway, such as `https://shenhai.example`. */
  gatewayUrl: string
  /** Which app signs in, such as `hotline`. */
  app: string
  /** What the owner calls this device. */
  deviceName: string
  /** Directory of the store; made when missing. */
  directory: string
}

/**
 * The platform's store of small secrets: assets wrapped by HUKS. What is kept as `bio` has to lie under a key that is
 * released only after the platform recognised the person. A function that throws is a store that cannot be reached.
 */
export interface SecretStore {
  /** 16 bytes, made once at random, always the same. */
  storeKey(): Uint8Array
  /** On the disk when this returns; no value forgets it. */
  keep(secret: { name: string; value?: Uint8Array }): void
  /** `null` only when there is nothing. */
  kept(name: string): Uint8Array | null
}

export type Topic = 'session' | 'orders' | 'outbox' | 'sync' | 'lock'

/** `topic` is now at `version`: fetch it anew. */
export interface CoreEvent {
  topic: Topic
  version: number
}

/** The core of one device. */
export declare class ShenhaiCore {
  private constructor()
  /**
   * Open the store and begin to synchronise. Rejects with an `Error` whose message begins with a code and a
   * colon: `bad_config`, `wrong_key`, `newer_data`, `in_use`, `storage`, `secrets`, `host`.
   */
  static open(config: CoreConfig, secrets: SecretStore): Promise<ShenhaiCore>
  /** Carry out one request of the waist, `{"method", "params"}`, and answer `{"ok"}` or `{"error"}`. */
  rpc(request: string): Promise<string>
  /**
   * Follow changes until the answer is stopped or collected. The first events give every topic's version.
   * Does not keep the process alive.
   */
  subscribe(listener: (event: CoreEvent) => void): Subscription
  /** Stop synchronising and close the store. What was not sent stays for the next time. */
  close(): Promise<void>
}

export declare class Subscription {
  private constructor()
  /** End it: what changes from now on is not told. Harmless when repeated. */
  stop(): void
}
