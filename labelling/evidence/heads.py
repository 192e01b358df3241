"""Signed tree heads: what the log looked like at a moment, attested with Ed25519."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from labelling.errors import LabellingError

_PURPOSE = b"zhanggui tree head v1\n"
"""Before what is signed: a signature under it is good for nothing else."""
_KEY_ID_BYTES = 8


class HeadError(LabellingError):
    """A signed head does not hold, or the key for it is of no use."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The size and the root of the tree of a log, and who attests them."""

    log: str
    size: int
    root: bytes
    at: datetime
    key: str
    """Which key: the beginning of the SHA-256 of the public key, in hex."""
    signature: bytes

    def as_dict(self) -> dict[str, str | int]:
        """Give the head as it stands in a bundle."""
        return {
            "log": self.log,
            "size": self.size,
            "root": self.root.hex(),
            "at": self.at.isoformat(),
            "key": self.key,
            "signature": self.signature.hex(),
        }

    def check(self, public_key: bytes) -> None:
        """Check the signature under a raw public key of 32 bytes.

        Raises:
            HeadError: It is not a signature of this head under this key.
        """
        message = _message(self.log, self.size, self.root, self.at)
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, message)
        except (InvalidSignature, ValueError) as error:
            msg = f"the head of log {self.log!r} at {self.size} is not signed by this key"
            raise HeadError(msg) from error


class HeadSigner:
    """Signs heads under one private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()
        """32 raw bytes: what others check with."""
        self.key_id = key_id(self.public_key)

    @classmethod
    def of_pem(cls, pem: bytes, password: bytes | None = None) -> Self:
        """Take the key from PEM.

        Raises:
            HeadError: It is no private key for Ed25519, or the password is wrong.
        """
        try:
            key = load_pem_private_key(pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            msg = "the key that signs tree heads cannot be read"
            raise HeadError(msg) from error
        if not isinstance(key, Ed25519PrivateKey):
            msg = "the key that signs tree heads is not one for Ed25519"
            raise HeadError(msg)
        return cls(key)

    def sign(self, log: str, size: int, root: bytes, *, at: datetime) -> SignedHead:
        """Attest a root."""
        signature = self._key.sign(_message(log, size, root, at))
        return SignedHead(log, size, root, at, self.key_id, signature)


def key_id(public_key: bytes) -> str:
    """Name a public key."""
    return sha256(public_key).digest()[:_KEY_ID_BYTES].hex()


def _message(log: str, size: int, root: bytes, at: datetime) -> bytes:
    told = {"at": at.isoformat(), "log": log, "root": root.hex(), "size": size}
    return _PURPOSE + json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
