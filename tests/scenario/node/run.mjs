// The scenario through the Node-API binding: `node tests/scenario/node/run.mjs`.
//
// SHENHAI_STACK   the built shenhai-stack (default: target/debug/shenhai-stack)
// SHENHAI_ADDON   the built addon (default: target/bindings/harmony/shenhai.node)
//
// Prints one TAP line per step; exit code 1 after the first failure.

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bindingChecks } from './binding-checks.mjs'
import { loadAddon } from './device.mjs'
import { startStack } from './stack.mjs'
import { Scenario } from './steps.mjs'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const program = process.env.SHENHAI_STACK ?? join(root, 'target/debug/shenhai-stack')
const addon = process.env.SHENHAI_ADDON ?? join(root, 'target/bindings/harmony/shenhai.node')
const source = new URL('../thread.json', import.meta.url)

let passed = 0

async function step(name, run) {
  try {
    await run()
  } catch (error) {
    console.log(`not ok ${passed + 1} - ${name}`)
    throw error
  }
  passed += 1
  console.log(`ok ${passed} - ${name}`)
}

function nameOf({ do: kind, note, method }) {
  return note || [kind, method].filter(Boolean).join(' ')
}

async function main(stack, directory) {
  const { vars, steps } = JSON.parse(await readFile(source, 'utf8'))
  const scenario = new Scenario(loadAddon(addon), stack, directory, vars)
  try {
    for (const item of steps) await step(nameOf(item), () => scenario.run(item))
    const device = [...scenario.cores.values()].find((core) => core.config.app === 'hotline')
    for (const [name, check] of bindingChecks) await step(name, () => check(device, stack))
  } finally {
    await scenario.close()
  }
}

const directory = await mkdtemp(join(tmpdir(), 'shenhai-node-'))
let stack
try {
  stack = await startStack(program)
  await main(stack, directory)
  console.log(`node scenario: ${passed} steps passed`)
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
}
