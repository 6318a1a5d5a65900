// What this binding itself owes, beyond the scenario: nonsense is answered, handles end, failures have names.
// Each check is `[name, run]`; they run in order on the phone as the scenario left it, signed out.

import assert from 'node:assert/strict'
import { ask } from './stack.mjs'

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
      for (const topic of ['session', 'orders', 'outbox', 'sync', 'lock']) await heard.until((e) => e.topic === topic)
      heard.stop()
    },
  ],
  [
    'a stopped subscription hears nothing more, another one does',
    async (device, stack) => {
      const stopped = new Listening(device)
      const live = new Listening(device)
      const told = (await live.until((e) => e.topic === 'session')).version
      stopped.stop()
      stopped.stop()
      // Two changes: whatever was under way while stopping is over when the second one is told.
      await signIn(device, stack)
      const signedIn = await live.until((e) => e.topic === 'session' && e.version > told)
      await device.call('session.sign_out', {})
      const { version } = await live.until((e) => e.topic === 'session' && e.version > signedIn.version)
      live.stop()
      assert.deepEqual(stopped.events.filter((e) => e.topic === 'session' && e.version >= version), [])
    },
  ],
  [
    'a closed core answers core_restarted, and closing twice is harmless',
    async (device) => {
      await device.core.close()
      await device.core.close()
      assert.equal((await device.call('session.status', {})).error?.code, 'core_restarted')
      await device.close()
    },
  ],
  [
    'another store key is refused as wrong_key, and the data stays',
    async (device) => {
      await device.open()
      const before = await device.call('session.status', {})
      await device.close()
      await assert.rejects(device.openWith({}, device.secrets.under(new Uint8Array(16).fill(9))), /^Error: wrong_key: /)
      await device.open()
      const after = await device.call('session.status', {})
      assert.equal(after.ok.device_id, before.ok.device_id)
      await device.close()
    },
  ],
  [
    'a configuration that cannot be used is refused as bad_config',
    async (device) => {
      await assert.rejects(device.openWith({ app: 'burner' }), /^Error: bad_config: /)
      await assert.rejects(device.openWith({ gatewayUrl: 'http://gateway.example' }), /^Error: bad_config: /)
    },
  ],
]

async function signIn(device, stack) {
  const begun = await device.call('session.begin', { redirect_uri: `${stack.gateway}/hotline/` })
  const { code } = await ask('POST', `${stack.city}/admin/login-code`, { user: 'h-310101-1' })
  const status = await device.call('session.sign_in', { code, state: begun.ok.state })
  assert.equal(status.ok?.user?.id, 'h-310101-1', JSON.stringify(status))
}

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
