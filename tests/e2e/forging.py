"""Requests as the platforms write them, and as somebody else would."""

import base64
import struct
from dataclasses import dataclass, replace
from typing import Any

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC

from runtime.clock import now
from simulators.delivery import Letter
from simulators.douyin.signature import sign
from simulators.wechat.account import WechatAccount
from simulators.wechat.cipher import signature
from simulators.wechat.envelope import Envelope
from simulators.wire import JsonObject, compact
from tests.e2e.house import House

_RANDOM = bytes(range(1, 65))
_PAD_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Wechat:
    """Writes pushes for an account, right or wrong ones."""

    account: WechatAccount

    @classmethod
    def of(cls, house: House) -> "Wechat":
        (account,) = house.town.wechat.platform.accounts.values()
        return cls(account)

    def push(self, fields: JsonObject) -> Letter:
        """Write a push as the platform does."""
        return Envelope(self.account, now=now, random_bytes=lambda size: _RANDOM[:size]).push(
            fields
        )

    def sealed(self, plain: bytes, *, padding: bytes = b"", **changes: Any) -> Letter:
        """Seal and sign any bytes; `changes` are what the one who seals takes for the account's."""
        account = replace(self.account, **changes)
        head = _RANDOM[:16] + struct.pack(">I", len(plain)) + plain + account.appid.encode()
        pad = _PAD_BLOCK - len(head) % _PAD_BLOCK
        key = base64.b64decode(account.encoding_aes_key + "=")
        encryptor = Cipher(AES256(key), CBC(key[:16])).encryptor()
        whole = head + (padding[:pad] or bytes([pad])).ljust(pad, bytes([pad]))
        encrypted = base64.b64encode(encryptor.update(whole) + encryptor.finalize()).decode()
        return self.signed(encrypted, token=account.token)

    def signed(self, encrypted: str, *, token: str = "") -> Letter:
        """Sign what passes for a cipher text."""
        letter = self.push({"FromUserName": "lin"})
        query = dict(letter.query)
        query["msg_signature"] = signature(
            token or self.account.token, query["timestamp"], query["nonce"], encrypted
        )
        body = compact({"ToUserName": self.account.original_id, "Encrypt": encrypted})
        return replace(letter, query=query, body=body)


def douyin(house: House, body: bytes, *, secret: str = "") -> Letter:
    """Write a webhook of Douyin's with any body."""
    signed = sign(secret or house.town.douyin.douyin_app.signing_secret, body)
    headers = {"x-douyin-signature": signed, "msg-id": "0123456789abcdef"}
    return Letter(body=body, headers={**headers, "content-type": "application/json"})


def douyin_event(house: House, content: object, event: str = "im_receive_msg") -> bytes:
    """Write an event's body."""
    app = house.town.douyin.douyin_app
    envelope = {
        "event": event,
        "client_key": app.client_key,
        "from_user_id": "chen",
        "to_user_id": app.brands[0],
        "content": content,
        "log_id": "02",
    }
    return compact(envelope)


async def hand_in(house: House, channel: str, letter: Letter) -> httpx.Response:
    """Bring a letter to our callback over HTTP."""
    return await house.http.request(
        letter.method,
        f"/webhooks/{channel}/demo",
        params=dict(letter.query),
        headers=dict(letter.headers),
        content=letter.body,
    )
