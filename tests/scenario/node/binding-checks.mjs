// What this binding itself owes, beyond the scenario: nonsense is answered, handles end, failures have names.
// Each check is `[name, run]`; they run in order on the device as the scenario left it, signed in.

import assert from 'node:assert/strict'

const NONSENSE = [
  '',
  '{',
  'null',
  '[]',
  '"orders.list"',
  '{"method":"orders.burn","params":{}}',
  '{"method":"orders.get"}',
  '{"method":"orders.get","params":{"id":7}}',
  '{"method":"session.status","params":{"extra":1}}',
  '['.repeat(100_000),
]

export const bindingChecks = [
  [
    'nonsense is answered with bad_request',
    async (device) => {
      for (const request of NONSENSE) {
        const answer = JSON.parse(await device.core.rpc(request))
        assert.equal(answer.error?.code, 'bad_request', `for ${request.slice(0, 60)}: ${JSON.stringify(answer)}`)
      }
    },
  ],
  [
    'a request that is not text is refused by the binding',
    async (device) => {
      await assert.rejects(async () => device.core.rpc(7))
      assert.ok((await device.call('session.status', {})).ok)
    },
  ],
  [
    'a new subscription is told of every topic',
    async (device) => {
      const heard = new Listening(device)
      for (const topic of ['session', 'orders', 'outbox', 'sync']) await heard.until((e) => e.topic === topic)
      heard.stop()
    },
  ],
  [
    'a stopped subscription hears nothing more, another one does',
    async (device) => {
      const stopped = new Listening(device)
      const live = new Listening(device)
      await live.until((e) => e.topic === 'sync')
      stopped.stop()
      stopped.stop()
      const told = Math.max(...live.events.filter((e) => e.topic === 'sync').map((e) => e.version))
      // Two changes: whatever was under way while stopping is over when the second one is told.
      await device.call('network.hint', { online: false })
      const offline = await live.until((e) => e.topic === 'sync' && e.version > told)
      await device.call('network.hint', { online: true })
      const { version } = await live.until((e) => e.topic === 'sync' && e.version > offline.version)
      live.stop()
      assert.deepEqual(stopped.events.filter((e) => e.topic === 'sync' && e.version >= version), [])
    },
  ],
  [
    'a closed core answers core_restarted, and closing twice is harmless',
    async (device) => {
      const { core } = device
      await core.close()
      await core.close()
      const answer = JSON.parse(await core.rpc('{"method":"session.status","params":{}}'))
      assert.equal(answer.error?.code, 'core_restarted')
    },
  ],
  [
    'another store key is refused as wrong_key, and the data stays',
    async (device) => {
      await assert.rejects(device.openWith({ storeKey: new Uint8Array(16).fill(9) }), /^Error: wrong_key: /)
      await device.open()
      const status = await device.call('session.status', {})
      assert.ok(status.ok.user, 'still signed in')
    },
  ],
  [
    'a configuration that cannot be used is refused as bad_config',
    async (device) => {
      await device.close()
      await assert.rejects(device.openWith({ storeKey: new Uint8Array(15) }), /^Error: bad_config: /)
      await assert.rejects(device.openWith({ app: 'burner' }), /^Error: bad_config: /)
      await assert.rejects(device.openWith({ gatewayUrl: 'http://gateway.example' }), /^Error: bad_config: /)
    },
  ],
]

/** A subscription with memory: what it heard, and waiting for what it has not heard yet. */
class Listening {
  events = []
  #waiting = []

  constructor(device) {
    this.subscription = device.core.subscribe((event) => {
      this.events.push(event)
      this.#waiting = this.#waiting.filter((look) => !look(event))
    })
  }

  until(wanted) {
    const known = this.events.find(wanted)
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no such event within 10 s')), 10_000)
      this.#waiting.push((event) => {
        if (!wanted(event)) return false
        clearTimeout(late)
        resolve(event)
        return true
      })
    })
  }

  stop() {
    this.subscription.stop()
  }
}
