"""Session tokens: who a browser speaks for, signed and limited in time."""

import base64
import hashlib
import hmac
from datetime import datetime

from channels.base import ChannelAccount
from channels.errors import SignatureInvalidError

MIN_KEY_BYTES = 32

# Were the key used for something else as well, that could not be passed off as a token.
_PURPOSE = b"zhanggui.webchat.session.v1."


def key_of(account: ChannelAccount) -> bytes:
    """Give the account's key.

    Raises:
        ValueError: The secret `session_key` is missing, no base64, or short.
    """
    try:
        key = base64.b64decode(account.secret("session_key"), validate=True)
    except ValueError:
        key = b""
    if len(key) < MIN_KEY_BYTES:
        msg = (
            f"secret 'session_key' of webchat account {account.id!r} must be base64 of "
            f"{MIN_KEY_BYTES} random bytes or more"
        )
        raise ValueError(msg)
    return key


def issue(key: bytes, customer: str, expires_at: datetime) -> str:
    """Make a token; what it holds is our own business."""
    claim = f"{int(expires_at.timestamp())}:{customer}"
    head = base64.urlsafe_b64encode(claim.encode()).decode()
    return f"{head}.{_mac(key, head)}"


def open(key: bytes, token: str, now: datetime) -> str:  # noqa: A001 - read as `session.open`
    """Give the customer a token speaks for.

    Raises:
        SignatureInvalidError: We did not make it, or its time is over.
    """
    head, _, mac = token.partition(".")
    # Compared as text: base64 has several spellings of the same bytes, and only one is ours.
    if not hmac.compare_digest(_mac(key, head).encode(), mac.encode("utf-8", "replace")):
        raise _refusal()
    expires_at, _, customer = base64.urlsafe_b64decode(head).decode().partition(":")
    if now.timestamp() >= int(expires_at):
        raise _refusal()
    return customer


def _mac(key: bytes, head: str) -> str:
    signed = hmac.digest(key, _PURPOSE + head.encode("utf-8", "replace"), hashlib.sha256)
    return base64.urlsafe_b64encode(signed).decode()


def _refusal() -> SignatureInvalidError:
    return SignatureInvalidError("the webchat session token is not valid: open a new session")
