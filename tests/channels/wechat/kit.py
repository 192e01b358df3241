"""What the tests of this front share: an account, the platform's hand, requests."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from channels.base import ChannelAccount, ChannelTools, Citation, WebhookRequest
from channels.messages import InboundMessage, Recipient, SessionOpened
from channels.wechat.miniprogram import MiniProgramChannel
from labelling.content import Draft, Origin, Part, Surface
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import LabelledEvent, LabelledOutput, LabelledPart
from labelling.stage import LabellingStage
from simulators.wechat.account import PushFormat, PushMode, WechatAccount
from simulators.wechat.cipher import encrypt, signature
from tests.fakes.tokens import MemoryTokenCache

APPID = "wxba5fad812f8e6fb9"
ORIGINAL_ID = "gh_97417a04a28d"
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"
TOKEN = "AAAAA"
AES_KEY = "A" * 43
APP_SECRET = "5f4dcc3b5aa765d61d8327deb882cf99"
SENT_AT = datetime(2024, 4, 25, 9, 24, 19, tzinfo=UTC)
"""When the messages in `payloads` were sent."""
PAYLOADS = Path(__file__).parent / "payloads"
_VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())["vectors"]
VECTORS: dict[str, dict[str, Any]] = {one["id"]: one for one in _VECTORS}  # shapes differ by `op`


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **units: float) -> None:
        self.moment += timedelta(**units)


class ClosedOutlet:
    """For fronts of our own; a platform's front has no business here."""

    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        raise NotImplementedError

    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        raise NotImplementedError


def counted_bytes(size: int) -> bytes:
    return bytes(range(size))


def account(
    settings: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> ChannelAccount:
    standing = {"token": TOKEN, "encoding_aes_key": AES_KEY, "app_secret": APP_SECRET}
    every = {**standing, **(secrets or {})}
    return ChannelAccount(
        id="shop-1",
        settings={"appid": APPID, **(settings or {})},
        secrets={name: SecretStr(value) for name, value in every.items()},
    )


def platform_account(mode: str = "safe", form: str = "json") -> WechatAccount:
    return WechatAccount(
        appid=APPID,
        secret=APP_SECRET,
        original_id=ORIGINAL_ID,
        token=TOKEN,
        encoding_aes_key=AES_KEY,
        mode=PushMode(mode),
        format=PushFormat(form),
    )


def tools(http: httpx.AsyncClient, clock: Callable[[], datetime]) -> ChannelTools:
    return ChannelTools(
        http=http,
        tokens=MemoryTokenCache(clock),
        now=clock,
        nonce=counted_bytes,
        outlet=ClosedOutlet(),
    )


def channel(
    settings: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> MiniProgramChannel:
    """A front for tests that send nothing."""
    nowhere = httpx.AsyncClient(transport=httpx.MockTransport(_refuse))
    return MiniProgramChannel.of(account(settings, secrets), tools(nowhere, Clock()))


def _refuse(request: httpx.Request) -> httpx.Response:
    message = "this test sends nothing"
    raise httpx.ConnectError(message)


def query(**values: str) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in values.items()}


def payload(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def request(
    body: bytes = b"",
    parameters: Mapping[str, tuple[str, ...]] | None = None,
    *,
    method: str = "POST",
    received_at: datetime | None = None,
) -> WebhookRequest:
    return WebhookRequest(
        method=method,
        query=parameters or {},
        headers={},
        body=body,
        received_at=received_at or Clock().moment,
    )


@dataclass(frozen=True)
class Hand:
    """Signs and encrypts as the platform does, by the simulator's code and not by ours."""

    token: str = TOKEN
    aes_key: str = AES_KEY
    receive_id: str = APPID
    timestamp: str = str(int(Clock().moment.timestamp()))
    nonce: str = "486452656"

    def handshake(self, echo: str = "4375120948345356249") -> WebhookRequest:
        return request(
            parameters=query(**self._signed(), echostr=echo),
            method="GET",
        )

    def plain(self, body: bytes) -> WebhookRequest:
        return request(body, query(**self._signed()))

    def sealed(self, message: bytes) -> str:
        return encrypt(self.aes_key, self.receive_id, message.decode(), b"0123456789abcdef")

    def safe(self, message: bytes) -> WebhookRequest:
        return self.posting(self.sealed(message))

    def posting(self, encrypted: str, body: bytes | None = None) -> WebhookRequest:
        """A push whose `Encrypt` is signed rightly, whatever stands in it."""
        if body is None:
            body = json.dumps({"ToUserName": ORIGINAL_ID, "Encrypt": encrypted}).encode()
        mark = signature(self.token, self.timestamp, self.nonce, encrypted)
        parameters = query(**self._signed(), encrypt_type="aes", msg_signature=mark, openid=OPENID)
        return request(body, parameters)

    def xml(self, message: bytes, siblings: str = "") -> WebhookRequest:
        encrypted = self.sealed(message)
        body = f"<xml>{siblings}<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        return self.posting(encrypted, body.encode())

    def _signed(self) -> dict[str, str]:
        mark = signature(self.token, self.timestamp, self.nonce)
        return {"signature": mark, "timestamp": self.timestamp, "nonce": self.nonce}


def of_vector(name: str) -> WebhookRequest:
    """The request of a published vector, under the query parameter all safe pushes have."""
    vector = VECTORS[name]
    parameters = {key: (value,) for key, value in vector["query"].items()}
    return request(vector["body"].encode(), {**parameters, "encrypt_type": ("aes",)})


def labelled(*texts: str, origin: Origin = Origin.GENERATED) -> LabelledOutput:
    stage = LabellingStage(
        ProducerCode(DUMMY_CODE), now=Clock(), new_content_id=lambda: "0123456789"
    )
    draft = Draft(tuple(Part.of_text(text) for text in texts), origin)
    return stage.label(draft, output_id="output-1", surface=Surface.PLATFORM)


def message_of(front: MiniProgramChannel, push: WebhookRequest) -> InboundMessage:
    (inbound,) = front.receive(push)
    assert isinstance(inbound, InboundMessage)
    return inbound


def event_of(front: MiniProgramChannel, push: WebhookRequest) -> SessionOpened:
    (inbound,) = front.receive(push)
    assert isinstance(inbound, SessionOpened)
    return inbound
