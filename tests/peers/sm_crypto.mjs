// Answers questions about SM2 and SM4-GCM with npm's `sm-crypto-v2`. See README.md.

import { readFileSync } from 'node:fs'
import { sm2, sm4 } from 'sm-crypto-v2'

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (taken) => Buffer.from(taken).toString('hex')

/** C1‖C3‖C2; the other order, C1‖C2‖C3, is that of older software. */
const C1C3C2 = 1

/** The library throws at some of what does not decrypt and returns nothing for the rest. */
function decrypted({ text, secretKey, asn1 }) {
  try {
    const out = sm2.doDecrypt(text, secretKey, C1C3C2, { output: 'array', asn1 })
    return out.length === 0 ? null : hex(out)
  } catch {
    return null
  }
}

function opened({ key, nonce, aad, text }) {
  try {
    return hex(
      sm4.decrypt(bytes(text.slice(0, -32)), key, {
        mode: 'gcm', padding: 'none', iv: nonce, associatedData: bytes(aad), tag: text.slice(-32), output: 'array',
      }),
    )
  } catch {
    return null
  }
}

const answers = {
  key: () => sm2.generateKeyPairHex(),
  sign: ({ secretKey, publicKey, message, der }) =>
    sm2.doSignature(bytes(message), secretKey, { hash: true, publicKey, der }),
  verify: ({ publicKey, message, signature, der }) =>
    sm2.doVerifySignature(bytes(message), signature, publicKey, { hash: true, der }),
  encrypt: ({ publicKey, text, asn1 }) => sm2.doEncrypt(bytes(text), publicKey, C1C3C2, { asn1 }),
  decrypt: decrypted,
  seal: ({ key, nonce, aad, text }) => {
    const sealed = sm4.encrypt(bytes(text), key, {
      mode: 'gcm', padding: 'none', iv: nonce, associatedData: bytes(aad), outputTag: true, output: 'array',
    })
    return hex(sealed.output) + hex(sealed.tag)
  },
  open: opened,
}

const questions = JSON.parse(readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(questions.map((question) => answers[question.ask](question))))
