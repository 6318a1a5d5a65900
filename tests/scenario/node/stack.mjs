// The gateway and the emulated city of one run: started, asked and ended. Knows nothing of the scenario.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Start the stack. Answers its addresses and a way to end it. */
export async function startStack(program) {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  const lines = createInterface({ input: child.stdout })
  const first = new Promise((resolve) => lines.once('line', resolve))
  const line = await Promise.race([
    first,
    ended.then((code) => Promise.reject(new Error(`${program} ended with ${code} before it was ready`))),
  ])
  const { gateway, city, control } = JSON.parse(line)
  const stop = async () => {
    // The stack serves until its standard input closes.
    child.stdin.end()
    await ended
  }
  return { gateway, city, control, stop }
}

/** One JSON exchange over HTTP; anything but a success is thrown with its body. */
export async function ask(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
  return text === '' ? null : JSON.parse(text)
}
