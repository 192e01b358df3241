"""WeChat's signature and message cipher: pure, and one error for everything that can be wrong."""

import base64
import binascii
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from channels.errors import SignatureInvalidError

AES_BLOCK = 16
# Twice the AES block, so the unpadders of libraries, which stop at 16, do not do.
PAD_BLOCK = 32
RANDOM_SIZE = 16
HEAD_SIZE = RANDOM_SIZE + 4


def refused() -> SignatureInvalidError:
    """Give the one error for all that can be wrong, so that nobody can ask what it was."""
    return SignatureInvalidError("the request is not from WeChat, or not for this account")


def sign(token: str, *parts: str) -> str:
    """Sign a push or a reply: SHA-1 over the sorted parts, joined, in lower-case hex."""
    joined = "".join(sorted((token, *parts)))
    # Lone surrogates must end in "no match", not in an encoding error.
    return hashlib.sha1(joined.encode(errors="surrogatepass")).hexdigest()  # noqa: S324 - theirs


def check(signature: str, token: str, *parts: str) -> None:
    """Check a signature in constant time; an empty one or an empty part never holds.

    Raises:
        SignatureInvalidError: It does not hold.
    """
    given = signature.encode(errors="surrogatepass")
    if not all(parts) or not hmac.compare_digest(given, sign(token, *parts).encode()):
        raise refused()


class MessageCipher:
    """AES-256-CBC over `random16 | length | message | receive id | padding`."""

    def __init__(self, encoding_aes_key: str, receive_id: str) -> None:
        """Make the cipher of one key.

        Args:
            encoding_aes_key: The 43 characters from the platform's console.
            receive_id: Whom messages are for: the appid.
        """
        # The last of the 43 characters has two bits too many, which real keys do set.
        key = base64.b64decode(encoding_aes_key + "=")
        self._cipher = Cipher(AES256(key), CBC(key[:AES_BLOCK]))
        self._receive_id = receive_id.encode()

    def encrypt(self, message: bytes, random16: bytes) -> str:
        """Encrypt a message to the base64 text of an `Encrypt` field."""
        plain = random16 + struct.pack(">I", len(message)) + message + self._receive_id
        pad = PAD_BLOCK - len(plain) % PAD_BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """Decrypt an `Encrypt` field to its message, which is UTF-8.

        Raises:
            SignatureInvalidError: It is no such cipher text, or one for somebody else.
        """
        plain = _without_padding(self._decrypted(encrypted))
        if len(plain) < HEAD_SIZE:
            raise refused()
        (size,) = struct.unpack_from(">I", plain, RANDOM_SIZE)
        message, receive_id = plain[HEAD_SIZE:][:size], plain[HEAD_SIZE + size :]
        for_us = hmac.compare_digest(receive_id, self._receive_id)
        # The length is checked as well, for fronts whose receive id is empty (WeCom's aibot).
        if len(message) != size or not for_us:
            raise refused()
        _require_utf8(message)
        return message

    def _decrypted(self, encrypted: str) -> bytes:
        try:
            sealed = base64.b64decode(encrypted.encode("ascii"), validate=True)
        except (UnicodeEncodeError, binascii.Error):
            raise refused() from None
        if not sealed or len(sealed) % AES_BLOCK:
            raise refused()
        decryptor = self._cipher.decryptor()
        return decryptor.update(sealed) + decryptor.finalize()


def _without_padding(padded: bytes) -> bytes:
    pad = padded[-1]
    if not 1 <= pad <= PAD_BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise refused()
    return padded[:-pad]


def _require_utf8(message: bytes) -> None:
    try:
        message.decode()
    except UnicodeDecodeError:
        # Not chained: the error holds the customer's words.
        raise refused() from None
