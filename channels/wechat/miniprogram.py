"""The customer-service front of a mini-program (小程序客服消息)."""

from typing import Self, final

from typing_extensions import override

from channels.base import (
    Capabilities,
    Channel,
    ChannelAccount,
    ChannelTools,
    HttpReply,
    VerifiedBody,
    WebhookRequest,
)
from channels.errors import PayloadInvalidError
from channels.messages import ConversationState, Inbound, Recipient
from channels.wechat.client import WechatClient
from channels.wechat.crypto import refused
from channels.wechat.envelope import Envelope, Opened
from channels.wechat.payloads import EVENT, Head, read_inbound
from channels.wechat.settings import MiniProgramSettings
from channels.wechat.tokens import StableTokens
from channels.wechat.wire import read
from labelling.content import MediaType, Origin, Surface
from labelling.output import LabelledPart

_WITH_STAFF = frozenset(
    {ConversationState.REQUESTED, ConversationState.QUEUED, ConversationState.HUMAN}
)
_BY_AI = frozenset({Origin.GENERATED, Origin.ASSISTED})


@final
class MiniProgramChannel(Channel):
    """Mini-program customer service of one account; README.md tells its limits."""

    name = "wechat-miniprogram"
    capabilities = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        # Undocumented; several projects found 2048, and 45002 above it.
        max_text_bytes=2000,
        # Five messages may follow one of the customer's: two stay for staff and notices.
        max_parts=3,
        reply_window=48 * 3600.0,
        surface=Surface.PLATFORM,
    )
    settings = frozenset({"appid"})
    secrets = frozenset({"app_secret", "encoding_aes_key", "token"})

    def __init__(
        self, settings: MiniProgramSettings, client: WechatClient, tools: ChannelTools
    ) -> None:
        self._settings = settings
        self._client = client
        self._now = tools.now
        self._envelope = Envelope(settings, tools.nonce)

    @override
    @classmethod
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        settings = MiniProgramSettings.of(account)
        tokens = StableTokens(
            # The appid too: after it was corrected, the former one's token must not be used.
            key=f"{cls.name}:{account.id}:{settings.appid}",
            appid=settings.appid,
            secret=settings.app_secret,
            api_base=settings.api_base,
            http=tools.http,
            cache=tools.tokens,
            now=tools.now,
        )
        return cls(settings, WechatClient(settings.api_base, http=tools.http, tokens=tokens), tools)

    @override
    def challenge(self, request: WebhookRequest) -> HttpReply | None:
        if request.method != "GET":
            return None
        return HttpReply(
            status=200,
            body=self._envelope.open_handshake(request),
            # The signature does not cover the echo, so a browser must not take it for a page.
            headers={"x-content-type-options": "nosniff"},
        )

    @override
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        if self._settings.transfer_to_staff and state in _WITH_STAFF:
            opened = self._envelope.open(request)
            head, _ = self._read(opened.body)
            # An event must not be transferred, only what a customer says.
            if head.msg_type != EVENT:
                return self._transfer(opened, head)
        return HttpReply(status=200, body=b"success")

    @override
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        return VerifiedBody(self._envelope.open(request).body)

    @override
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        head, fields = self._read(body)
        if self._settings.original_id not in {"", head.to_user_name}:
            raise refused()
        return read_inbound(head, fields)

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> None:
        message: dict[str, object] = {
            "touser": to.customer,
            "msgtype": "text",
            "text": {"content": part.text},
        }
        if part.origin in _BY_AI:
            # The platform writes 内容由第三方AI生成 under it, besides the label in the words.
            message["aimsgcontext"] = {"is_ai_msg": 1}
        await self._client.send_custom(message)

    def _read(self, body: bytes) -> tuple[Head, dict[str, object]]:
        try:
            fields = read(body, self._settings.format)
        except ValueError as error:
            raise PayloadInvalidError(str(error)) from error
        return Head.of(fields), fields

    def _transfer(self, opened: Opened, head: Head) -> HttpReply:
        """Pass what the customer said on to the platform's staff tool, by the reply itself."""
        timestamp = int(self._now().timestamp())
        fields: dict[str, str | int] = {
            "ToUserName": head.from_user_name,
            "FromUserName": head.to_user_name,
            "CreateTime": timestamp,
            "MsgType": "transfer_customer_service",
        }
        body = self._envelope.seal(fields, opened.keys, timestamp=timestamp)
        return HttpReply(status=200, body=body, media_type=self._settings.format.media_type)
