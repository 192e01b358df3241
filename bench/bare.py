"""The least that could answer WeChat: an application that verifies, decrypts and says `success`."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from channels.wechat.crypto import MessageCipher, check
from simulators.wechat.account import WechatAccount


class BareApp:
    """It keeps nothing, so it is what the web server and the cipher cost."""

    def __init__(self, account: WechatAccount) -> None:
        self._token = account.token
        self._cipher = MessageCipher(account.encoding_aes_key, account.appid)

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer one request."""
        body = b""
        more = True
        while more:
            event = await receive()
            body += event.get("body", b"")
            more = event.get("more_body", False)
        self._open(scope["query_string"].decode(), body)
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"7")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"success"})

    def _open(self, query: str, body: bytes) -> bytes:
        given = parse_qs(query)
        encrypted = orjson.loads(body)["Encrypt"]
        signature = given["msg_signature"][0]
        check(signature, self._token, given["timestamp"][0], given["nonce"][0], encrypted)
        return self._cipher.decrypt(encrypted)
