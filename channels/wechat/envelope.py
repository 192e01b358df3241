"""What is around a push: the proof of its sender on the way in, the seal on a reply."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from channels.base import WebhookRequest
from channels.errors import SignatureInvalidError
from channels.wechat.crypto import RANDOM_SIZE, check, refused, sign
from channels.wechat.settings import MiniProgramSettings, PushKeys, PushMode
from channels.wechat.wire import read, write

_TIMESTAMP = re.compile("[0-9]{1,12}")
_NONCE_SIZE = 8


@dataclass(frozen=True, slots=True)
class Opened:
    """A push whose sender was proved."""

    body: bytes
    keys: PushKeys
    """What proved it; a reply has to be sealed with the same."""


class Envelope:
    """Opens one account's pushes and seals the replies to them.

    Laws: the mode is the one that was set, never one the request claims; in safe and compat mode
    nothing counts but what was decrypted; whatever is wrong, the error is the same.
    """

    def __init__(self, settings: MiniProgramSettings, random_bytes: Callable[[int], bytes]) -> None:
        self._settings = settings
        self._random_bytes = random_bytes

    def open_handshake(self, request: WebhookRequest) -> bytes:
        """Give the echo that is to go back as it came.

        Raises:
            SignatureInvalidError: It is not WeChat that asks.
        """
        self._require_fresh(request)
        echo = request.parameter("echostr")
        if not echo:
            raise refused()
        for keys in self._settings.keys:
            with suppress(SignatureInvalidError):
                _check_signature(request, keys)
                return echo.encode(errors="surrogatepass")
        raise refused()

    def open(self, request: WebhookRequest) -> Opened:
        """Prove who sent a push, and decrypt it where that is due.

        Raises:
            SignatureInvalidError: It is not WeChat, or the push is not for this account.
        """
        self._require_fresh(request)
        for keys in self._settings.keys:
            with suppress(SignatureInvalidError):
                return Opened(self._body(request, keys), keys)
        raise refused()

    def seal(self, fields: Mapping[str, str | int], keys: PushKeys, *, timestamp: int) -> bytes:
        """Write a reply as the account's mode and format want it."""
        form = self._settings.format
        plain = write(fields, form)
        if self._settings.mode is PushMode.PLAIN:
            return plain
        nonce = self._random_bytes(_NONCE_SIZE).hex()
        encrypted = keys.cipher.encrypt(plain, self._random_bytes(RANDOM_SIZE))
        signature = sign(keys.token.get_secret_value(), str(timestamp), nonce, encrypted)
        sealed: dict[str, str | int] = {
            "Encrypt": encrypted,
            "MsgSignature": signature,
            "TimeStamp": timestamp,
            "Nonce": nonce,
        }
        return write(sealed, form)

    def _body(self, request: WebhookRequest, keys: PushKeys) -> bytes:
        if self._settings.mode is PushMode.PLAIN:
            _check_signature(request, keys)
            return request.body
        encrypted = self._encrypted(request)
        check(
            request.parameter("msg_signature"),
            keys.token.get_secret_value(),
            request.parameter("timestamp"),
            request.parameter("nonce"),
            encrypted,
        )
        return keys.cipher.decrypt(encrypted)

    def _encrypted(self, request: WebhookRequest) -> str:
        # A push in the clear could bring a `signature` that holds: the body is not part of it.
        if request.parameter("encrypt_type") != "aes":
            raise refused()
        try:
            encrypted = read(request.body, self._settings.format).get("Encrypt")
        except ValueError:
            raise refused() from None
        if not isinstance(encrypted, str):
            raise refused()
        return encrypted

    def _require_fresh(self, request: WebhookRequest) -> None:
        limit = self._settings.max_skew_seconds
        if not limit:
            return
        timestamp = request.parameter("timestamp")
        if _TIMESTAMP.fullmatch(timestamp) is None:
            raise refused()
        if abs(request.received_at.timestamp() - int(timestamp)) > limit:
            raise refused()


def _check_signature(request: WebhookRequest, keys: PushKeys) -> None:
    check(
        request.parameter("signature"),
        keys.token.get_secret_value(),
        request.parameter("timestamp"),
        request.parameter("nonce"),
    )
