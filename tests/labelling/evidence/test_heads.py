"""Signed tree heads."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from labelling.evidence.heads import HeadError, HeadSigner, key_id
from tests.labelling.evidence.logs import NOON, OTHER, SIGNER

HEAD = SIGNER.sign("log-1", 3, bytes(32), at=NOON)
PKCS8 = (Encoding.PEM, PrivateFormat.PKCS8)


def test_a_head_holds_under_its_key() -> None:
    HEAD.check(SIGNER.public_key)

    assert HEAD.key == SIGNER.key_id == key_id(SIGNER.public_key)
    assert HEAD.as_dict() == {
        "log": "log-1",
        "size": 3,
        "root": "00" * 32,
        "at": "2026-11-21T12:00:00+00:00",
        "key": SIGNER.key_id,
        "signature": HEAD.signature.hex(),
    }


@pytest.mark.parametrize(
    "other",
    [
        replace(HEAD, log="log-2"),
        replace(HEAD, size=4),
        replace(HEAD, root=b"\1" * 32),
        replace(HEAD, at=NOON + timedelta(seconds=1)),
        replace(HEAD, signature=bytes(64)),
        replace(HEAD, signature=b""),
    ],
)
def test_a_head_in_which_anything_was_changed_does_not(other: object) -> None:
    assert isinstance(other, type(HEAD))

    with pytest.raises(HeadError, match="not signed by this key"):
        other.check(SIGNER.public_key)


@pytest.mark.parametrize("key", [OTHER.public_key, b"", b"short"])
def test_it_holds_under_no_other_key(key: bytes) -> None:
    with pytest.raises(HeadError, match="not signed by this key"):
        HEAD.check(key)


@pytest.mark.parametrize("password", [None, b"secret"])
def test_the_key_is_taken_from_pem(password: bytes | None) -> None:
    key = Ed25519PrivateKey.generate()
    locked: KeySerializationEncryption = (
        BestAvailableEncryption(password) if password else NoEncryption()
    )

    signer = HeadSigner.of_pem(key.private_bytes(*PKCS8, locked), password)

    assert signer.public_key == key.public_key().public_bytes_raw()


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"no key", "cannot be read"),
        (
            generate_private_key(SECP256R1()).private_bytes(*PKCS8, NoEncryption()),
            "not one for Ed25519",
        ),
        (
            Ed25519PrivateKey.generate().private_bytes(*PKCS8, BestAvailableEncryption(b"x")),
            "cannot be read",
        ),
    ],
)
def test_what_is_no_such_key_is_refused(pem: bytes, why: str) -> None:
    with pytest.raises(HeadError, match=why):
        HeadSigner.of_pem(pem)
