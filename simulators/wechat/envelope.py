"""Pushes as they go over the wire, in each mode and format, and the replies to them."""

import json
from collections.abc import Callable
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as SafeTree  # type: ignore[import-untyped]  # the package has no types
from defusedxml.common import DefusedXmlException  # type: ignore[import-untyped]

from simulators.chance import RandomBytes, digits
from simulators.delivery import Letter
from simulators.wechat.account import PushFormat, PushMode, WechatAccount
from simulators.wechat.cipher import CiphertextInvalidError, decrypt, encrypt, signature
from simulators.wire import BodyUnreadableError, JsonObject, compact, json_object

MEDIA_TYPES = {PushFormat.JSON: "application/json", PushFormat.XML: "text/xml"}


class ReplyInvalidError(Exception):
    """The callee's passive reply is none that the platform understands."""


class Envelope:
    """Writes one account's pushes and opens the replies to them."""

    def __init__(
        self, account: WechatAccount, *, now: Callable[[], datetime], random_bytes: RandomBytes
    ) -> None:
        self._account = account
        self._now = now
        self._random_bytes = random_bytes

    def verification(self, echostr: str) -> Letter:
        """Write the GET that is made when the address is saved."""
        query = {**self._signed(), "echostr": echostr}
        return Letter(method="GET", query=query)

    def push(self, fields: JsonObject) -> Letter:
        """Write a push; written again, the message has a new nonce and a new random prefix."""
        account = self._account
        query = {**self._signed(), "openid": str(fields.get("FromUserName", ""))}
        body = dict(fields)
        if account.mode is not PushMode.PLAIN:
            sealed = self._encrypt(render(fields, account.format))
            query["encrypt_type"] = "aes"
            query["msg_signature"] = signature(
                account.token, query["timestamp"], query["nonce"], sealed
            )
            clear = body if account.mode is PushMode.COMPAT else {}
            body = {"ToUserName": account.original_id, **clear, "Encrypt": sealed}
        return Letter(
            query=query,
            headers={"content-type": MEDIA_TYPES[account.format]},
            body=render(body, account.format).encode(),
        )

    def open_reply(self, body: bytes) -> JsonObject | None:
        """Read what was answered to a push; `None` for the plain acknowledgement.

        Raises:
            ReplyInvalidError: It is neither `success`, nor empty, nor a message in the account's
                format and mode.
        """
        if body in {b"", b"success"}:
            return None
        try:
            fields = parse(body.decode(), self._account.format)
            if self._account.mode is PushMode.PLAIN:
                return fields
            return parse(self._opened(fields), self._account.format)
        except (BodyUnreadableError, CiphertextInvalidError, KeyError, ValueError) as error:
            msg = f"a reply in {self._account.format} and mode {self._account.mode} was due"
            raise ReplyInvalidError(msg) from error

    def _signed(self) -> dict[str, str]:
        timestamp = str(int(self._now().timestamp()))
        nonce = digits(self._random_bytes, 10)
        mark = signature(self._account.token, timestamp, nonce)
        return {"signature": mark, "timestamp": timestamp, "nonce": nonce}

    def _encrypt(self, message: str) -> str:
        # The platform's own samples have 16 hexadecimal characters here, not 16 arbitrary bytes.
        random16 = self._random_bytes(8).hex().encode()
        account = self._account
        return encrypt(account.encoding_aes_key, account.appid, message, random16)

    def _opened(self, fields: JsonObject) -> str:
        account = self._account
        parts = (str(fields[name]) for name in ("TimeStamp", "Nonce", "Encrypt"))
        if signature(account.token, *parts) != fields["MsgSignature"]:
            msg = "the reply's MsgSignature does not hold"
            raise CiphertextInvalidError(msg)
        return decrypt(account.encoding_aes_key, account.appid, fields["Encrypt"])


def render(fields: JsonObject, fmt: PushFormat) -> str:
    """Write a message's fields; numbers stay numbers, text goes into CDATA in XML."""
    if fmt is PushFormat.JSON:
        return compact(fields).decode()
    return "<xml>" + "".join(_element(name, value) for name, value in fields.items()) + "</xml>"


def parse(text: str, fmt: PushFormat) -> JsonObject:
    """Read a message's fields; nested XML elements become objects.

    Raises:
        BodyUnreadableError: It is not of that format.
    """
    if fmt is PushFormat.JSON:
        return json_object(text.encode())
    try:
        root = SafeTree.fromstring(text)
    except (ParseError, DefusedXmlException) as error:
        msg = "the text is no XML without entities"
        raise BodyUnreadableError(msg) from error
    return {child.tag: _value(child) for child in root}


def _element(name: str, value: object) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, dict):
        inner = "".join(_element(key, one) for key, one in value.items())
        return f"<{name}>{inner}</{name}>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text.replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def _value(element: Element) -> object:
    if len(element):
        return {child.tag: _value(child) for child in element}
    return element.text or ""
