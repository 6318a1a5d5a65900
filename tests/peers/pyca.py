"""Answers questions about SM4-GCM and PBKDF2-HMAC-SM3 with PyPI's `cryptography`. See README.md."""

import json
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC


def seal(key, nonce, aad, text):
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    body = encryptor.update(text) + encryptor.finalize()
    return (body + encryptor.tag).hex()


def open_sealed(key, nonce, aad, text):
    decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, text[-16:])).decryptor()
    decryptor.authenticate_additional_data(aad)
    try:
        return (decryptor.update(text[:-16]) + decryptor.finalize()).hex()
    except InvalidTag:
        return None


def answer(question):
    def taken(name):
        return bytes.fromhex(question[name])

    match question["ask"]:
        case "seal":
            return seal(taken("key"), taken("nonce"), taken("aad"), taken("text"))
        case "open":
            return open_sealed(taken("key"), taken("nonce"), taken("aad"), taken("text"))
        case "pbkdf2":
            kdf = PBKDF2HMAC(hashes.SM3(), question["length"], taken("salt"), question["iterations"])
            return kdf.derive(taken("password")).hex()
    raise ValueError(question["ask"])


json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
