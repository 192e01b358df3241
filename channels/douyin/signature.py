"""The signature of Douyin's webhooks: the hex SHA-1 of secret and raw body, not an HMAC."""

import hashlib
import hmac
from collections.abc import Iterable

from channels.errors import SignatureInvalidError


def sign(body: bytes, secret: str) -> str:
    """Give what the platform puts into `X-Douyin-Signature`."""
    # The platform's choice: https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/webhooks/summarize
    return hashlib.sha1(secret.encode() + body).hexdigest()  # noqa: S324


def check(signature: str, body: bytes, secrets: Iterable[str]) -> None:
    """Prove that a body was signed with one of the secrets; an empty secret proves nothing.

    Raises:
        SignatureInvalidError: It was not.
    """
    given = signature.lower().encode(errors="replace")
    # Each is compared to the end, so that the time taken tells nothing about any of them.
    matches = [
        hmac.compare_digest(sign(body, secret).encode(), given) for secret in secrets if secret
    ]
    if not any(matches):
        msg = "the request is not from douyin"
        raise SignatureInvalidError(msg)
