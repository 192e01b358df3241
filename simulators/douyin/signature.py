"""Douyin's webhook signature, written a second time from the platform's page."""

import hashlib


def sign(secret: str, body: bytes) -> str:
    """Sign a webhook: a plain SHA-1 over the secret and the raw body, no HMAC."""
    return hashlib.sha1(secret.encode() + body).hexdigest()  # noqa: S324 - the platform's choice
