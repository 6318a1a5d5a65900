// The step language of thread.json (tests/scenario/README.md), carried out through the Node-API binding.

import { setTimeout as pause } from 'node:timers/promises'
import { join } from 'node:path'
import { Device } from './device.mjs'
import { ask } from './stack.mjs'
import { at, fill, mismatch } from './values.mjs'

/** Feedback is asked for this often, in milliseconds: the emulators give no events. */
const FEEDBACK_PAUSE = 50

export class Scenario {
  #addon
  #stack
  #directory
  #saved
  cores = new Map()

  constructor(addon, stack, directory, vars) {
    this.#addon = addon
    this.#stack = stack
    this.#directory = directory
    const now = Date.now()
    this.#saved = new Map([
      ['run', String(now)],
      ['now', now],
      ['accept_time', shanghaiText(now - 3_600_000)],
      ['gateway', stack.gateway],
      ...Object.entries(vars ?? {}),
    ])
  }

  /** Carry out one step; throws what was expected and what came. */
  async run(step) {
    const carryOut = STEPS[step.do]
    if (carryOut === undefined) throw new Error(`there is no step ${step.do}`)
    await carryOut(this, step)
  }

  async close() {
    for (const device of this.cores.values()) await device.close()
  }

  core(name) {
    const device = this.cores.get(name)
    if (device === undefined) throw new Error(`core ${name} is not open`)
    return device
  }

  async open(name, app) {
    const place = { gateway: this.#stack.gateway, app, directory: join(this.#directory, name) }
    const device = new Device(this.#addon, place)
    await device.open()
    this.cores.set(name, device)
  }

  fill(value) {
    return fill(value, this.#saved)
  }

  /** Compare and keep. */
  settle(answer, expect, save = {}) {
    const missing = mismatch(this.fill(expect), answer)
    if (missing !== null) throw new Error(`${missing}\ngot: ${JSON.stringify(answer)}`)
    for (const [name, pointer] of Object.entries(save)) this.#saved.set(name, at(answer, pointer))
  }

  city(method, path, body) {
    return ask(method, this.#stack.city + path, body)
  }

  control(path, body) {
    return ask('POST', this.#stack.control + path, body)
  }
}

const STEPS = {
  async 'city.push_order'(scenario, { channel, order, expect, save }) {
    const answer = await scenario.city('POST', '/admin/push-order', { channel, order: scenario.fill(order) })
    scenario.settle(answer, expect, save)
  },

  async 'city.login_code'(scenario, { user, save }) {
    scenario.settle(await scenario.city('POST', '/admin/login-code', { user }), {}, save)
  },

  async 'city.until_feedback'(scenario, step) {
    const expected = scenario.fill(step.expect)
    const path = `/admin/feedback?order_no=${encodeURIComponent(scenario.fill(step.order_no))}`
    const deadline = Date.now() + step.within_ms
    for (;;) {
      const feedback = await scenario.city('GET', path)
      const missing = mismatch(expected, feedback)
      if (missing === null) return
      if (Date.now() >= deadline) {
        throw new Error(`not in ${step.within_ms} ms: ${missing}\ngot: ${JSON.stringify(feedback)}`)
      }
      await pause(FEEDBACK_PAUSE)
    }
  },

  async open(scenario, { core, app }) {
    await scenario.open(core, app)
  },

  async reopen(scenario, { core }) {
    const device = scenario.core(core)
    await device.close()
    await device.open()
  },

  async rpc(scenario, step) {
    const outcome = await scenario.core(step.core).call(step.method, scenario.fill(step.params))
    const [part, expect] = step.expect_error ? ['error', step.expect_error] : ['ok', step.expect ?? {}]
    if (!(part in outcome)) throw new Error(`expected ${part}, got ${JSON.stringify(outcome)}`)
    scenario.settle(outcome[part], expect, step.save)
  },

  async until(scenario, step) {
    const expected = scenario.fill(step.expect)
    const short = (answer) => mismatch(expected, answer)
    const device = scenario.core(step.core)
    const answer = await device.until(step.method, scenario.fill(step.params), step.within_ms, short)
    scenario.settle(answer, step.expect, step.save)
  },

  async link(scenario, { up }) {
    await scenario.control('/link', { up })
  },

  async drop_replies(scenario, { count, expect }) {
    scenario.settle(await scenario.control('/drop-replies', { count }), expect ?? {})
  },

  async restart_gateway(scenario) {
    await scenario.control('/restart-gateway', {})
  },
}

/** An instant in Shanghai's time as the platforms write it: `2026-11-20 09:12:33`. */
function shanghaiText(millis) {
  const shanghai = new Date(millis + 8 * 3_600_000)
  return shanghai.toISOString().slice(0, 19).replace('T', ' ')
}
