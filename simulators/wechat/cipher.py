"""WeChat's message cipher and signatures, written a second time from the platform's page."""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

# Twice the AES block: PKCS#7 unpadders that stop at 16 fail here, and on the live platform.
PAD_BLOCK = 32
RANDOM_SIZE = 16
HEAD_SIZE = RANDOM_SIZE + 4


class CiphertextInvalidError(Exception):
    """What came back encrypted does not open with the account's key."""


def signature(token: str, *others: str) -> str:
    """Sign a push: SHA-1 over the sorted parts; for `msg_signature` the cipher text is one."""
    return hashlib.sha1("".join(sorted((token, *others))).encode()).hexdigest()  # noqa: S324 - theirs


def encrypt(encoding_aes_key: str, receive_id: str, message: str, random16: bytes) -> str:
    """Encrypt a message to the base64 text of the `Encrypt` field."""
    text = message.encode()
    plain = random16 + struct.pack(">I", len(text)) + text + receive_id.encode()
    pad = PAD_BLOCK - len(plain) % PAD_BLOCK
    encryptor = _cipher(encoding_aes_key).encryptor()
    sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
    return base64.b64encode(sealed).decode()


def decrypt(encoding_aes_key: str, receive_id: str, encrypted: str) -> str:
    """Decrypt an `Encrypt` field.

    Raises:
        CiphertextInvalidError: It is no cipher text, or one for somebody else.
    """
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        decryptor = _cipher(encoding_aes_key).decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        plain = _without_padding(padded)
        (size,) = struct.unpack_from(">I", plain, RANDOM_SIZE)
        message = plain[HEAD_SIZE : HEAD_SIZE + size].decode()
        addressee = plain[HEAD_SIZE + size :].decode()
    except (ValueError, struct.error) as error:
        msg = "the cipher text does not open"
        raise CiphertextInvalidError(msg) from error
    if addressee != receive_id:
        msg = f"the cipher text is for {addressee!r}, not for {receive_id!r}"
        raise CiphertextInvalidError(msg)
    return message


def _cipher(encoding_aes_key: str) -> Cipher[CBC]:
    key = base64.b64decode(encoding_aes_key + "=")
    return Cipher(AES256(key), CBC(key[:16]))


def _without_padding(padded: bytes) -> bytes:
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= PAD_BLOCK or padded[-pad:] != bytes([pad]) * pad:
        msg = "wrong padding"
        raise ValueError(msg)
    return padded[:-pad]
