// Which calls may be sent a second time when nobody knows whether the first was done.
// Not a list of what is allowed; the core decides that.
// Used by `tab.ts` when the tab that owned the core goes away, and by `owner.ts` when the core lost its storage.

import type { MethodName } from "./waist";

// `draft.save` and `network.hint` say a whole value, so saying it twice leaves the same. Everything that signs
// or removes something is answered `core_restarted` instead: the page looks at the state and asks the person.
const REPEATABLE: Record<MethodName, boolean> = {
  "session.status": true,
  "session.begin": false,
  "session.sign_in": false,
  "session.sign_out": false,
  "orders.list": true,
  "orders.get": true,
  "orders.accept": false,
  "orders.contact": false,
  "orders.reply": false,
  "orders.return": false,
  "orders.reveal": false,
  "orders.bundle": true,
  "orders.proof": true,
  "draft.save": true,
  "draft.discard": false,
  "form.check": true,
  "form.options": true,
  "outbox.list": true,
  "outbox.retry": false,
  "outbox.mend": false,
  "outbox.discard": false,
  "lock.status": true,
  "lock.touch": true,
  "lock.set_pin": false,
  // A wrong PIN counts each time.
  "lock.unlock": false,
  "lock.lock": true,
  "lock.clear_pin": false,
  "lock.set_biometric": false,
  "lock.erase": false,
  "device.status": true,
  "device.rotate": false,
  "devices.list": true,
  "devices.invite": false,
  "devices.revoke": false,
  "devices.release": false,
  "sync.status": true,
  "sync.now": true,
  "network.hint": true,
};

export function mayRepeat(method: MethodName): boolean {
  return REPEATABLE[method];
}

/** The same of a request that is text already; a text that is none is nobody's to repeat. */
export function mayRepeatRequest(request: string): boolean {
  try {
    const { method } = JSON.parse(request) as { method: MethodName };
    return REPEATABLE[method];
  } catch {
    return false;
  }
}
