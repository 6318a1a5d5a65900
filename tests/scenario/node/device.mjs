// One core of the scenario: where its data lies, how to open it again, what it told.

import { createRequire } from 'node:module'

/** The built addon as a module. */
export function loadAddon(path) {
  return createRequire(import.meta.url)(path)
}

/** A sample device has no key store; what it keeps is synthetic, and lives as long as this program. */
export function sampleSecrets(storeKey, kept = new Map()) {
  return {
    storeKey: () => storeKey,
    keep: ({ name, value }) => {
      if (value === undefined || value === null) kept.delete(name)
      else kept.set(name, Uint8Array.from(value))
    },
    kept: (name) => kept.get(name) ?? null,
    under: (other) => sampleSecrets(other, kept),
  }
}

export class Device {
  #addon
  #core = null
  #subscription = null
  #changed = () => {}

  constructor(addon, { gateway, app, directory }) {
    this.#addon = addon
    this.config = {
      gatewayUrl: gateway,
      app,
      deviceName: 'Node 样例设备',
      directory,
    }
    this.secrets = sampleSecrets(new TextEncoder().encode('scenario-store-k'))
  }

  get core() {
    if (this.#core === null) throw new Error('the core is not open')
    return this.#core
  }

  /** A core of the same device with other values; the caller's to close. */
  openWith(changes, secrets = this.secrets) {
    return this.#addon.ShenhaiCore.open({ ...this.config, ...changes }, secrets)
  }

  async open() {
    this.#core = await this.openWith({})
    this.#subscription = this.#core.subscribe(() => this.#changed())
  }

  async close() {
    this.#subscription?.stop()
    await this.#core?.close()
    this.#core = null
  }

  /** One request of the waist; answers `{"ok"}` or `{"error"}`. */
  async call(method, params) {
    return JSON.parse(await this.core.rpc(JSON.stringify({ method, params })))
  }

  /** The same call after each event of the core until it is answered with what `short` finds nothing missing in. */
  async until(method, params, withinMs, short) {
    const deadline = Date.now() + withinMs
    for (;;) {
      let timer
      const changed = new Promise((resolve) => {
        this.#changed = () => resolve(true)
        timer = setTimeout(() => resolve(false), Math.max(0, deadline - Date.now()))
      })
      const outcome = await this.call(method, params)
      const missing = 'ok' in outcome ? short(outcome.ok) : JSON.stringify(outcome)
      const again = missing !== null && (await changed)
      clearTimeout(timer)
      if (missing === null) return outcome.ok
      if (!again) throw new Error(`not in ${withinMs} ms: ${missing}\ngot: ${JSON.stringify(outcome)}`)
    }
  }
}
