"""Encryption at rest: a master key seals account secrets and the customers' data keys."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.errors import VaultError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_KEY_ID_BYTES = 4


class DataKey:
    """One customer's key: whoever lacks it can neither read the texts nor guess them by digest."""

    def __init__(self, key: bytes, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """`key` is 32 random bytes."""
        self._cipher = AESGCM(key)
        # Another key for digests: one key, one use.
        self.digest_key = hmac.digest(key, b"zhanggui content digest v1", hashlib.sha256)
        """Finds a text's entries in the audit log; opens nothing."""
        self._random = random

    def encrypt(self, content: bytes, *, place: str) -> bytes:
        """Encrypt for one place, such as a table and row id; elsewhere it cannot be opened."""
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def decrypt(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt.

        Raises:
            VaultError: Another key or place, or the bytes were altered.
        """
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()
            )
        except InvalidTag as error:
            msg = f"what is stored at {place!r} cannot be opened with its customer's key"
            raise VaultError(msg) from error

    def digest(self, content: bytes) -> str:
        """Give a keyed digest in hex: proves equality, tells nothing once the key is gone."""
        return hmac.digest(self.digest_key, content, hashlib.sha256).hex()


class Vault:
    """Seals small secrets under the newest of several master keys, opens under any."""

    def __init__(
        self, master_keys: Sequence[bytes], random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """The first key seals; the others are kept for what they sealed before a rotation.

        Raises:
            VaultError: There is no key, or one has not 32 bytes.
        """
        if not master_keys or any(len(key) != _KEY_BYTES for key in master_keys):
            msg = f"a master key has {_KEY_BYTES} bytes, and one at least is needed"
            raise VaultError(msg)
        self._ciphers = {
            hashlib.sha256(key).digest()[:_KEY_ID_BYTES]: AESGCM(key) for key in master_keys
        }
        self._newest = next(iter(self._ciphers))
        self._random = random

    def seal(self, secret: bytes, *, place: str) -> bytes:
        """Seal a secret for one place."""
        nonce = self._random(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, secret, place.encode())
        return self._newest + nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> bytes:
        """Open a sealed secret.

        Raises:
            VaultError: No key fits, or the bytes were altered.
        """
        cipher = self._ciphers.get(sealed[:_KEY_ID_BYTES])
        if cipher is None:
            msg = f"the secret of {place!r} was sealed under a master key that is not set"
            raise VaultError(msg)
        start = _KEY_ID_BYTES + _NONCE_BYTES
        try:
            return cipher.decrypt(sealed[_KEY_ID_BYTES:start], sealed[start:], place.encode())
        except InvalidTag as error:
            msg = f"the secret of {place!r} was altered, or stood elsewhere"
            raise VaultError(msg) from error

    def new_data_key(self, *, place: str) -> tuple[DataKey, bytes]:
        """Make a customer's key; give it with its sealed form for the store."""
        key = self._random(_KEY_BYTES)
        return DataKey(key, self._random), self.seal(key, place=place)

    def data_key(self, sealed: bytes, *, place: str) -> DataKey:
        """Open a customer's key.

        Raises:
            VaultError: No master key fits.
        """
        return DataKey(self.open(sealed, place=place), self._random)
