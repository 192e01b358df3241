"""The calls a merchant's server makes: tokens, login, customer-service messages, media."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.chance import opaque
from simulators.images import look_at
from simulators.wechat.account import WechatAccount
from simulators.wechat.customers import AI_NOTE, Bubble
from simulators.wechat.errors import Errcode, WechatError, wording
from simulators.wechat.platform import SentMessage, WechatPlatform
from simulators.wire import BodyUnreadableError, JsonObject, compact, json_object, uploaded

MAX_TEXT_BYTES = 2048
MAX_IMAGE_BYTES = 2 * 1024 * 1024
REQUIRED = {
    "text": ("content",),
    "image": ("media_id",),
    "link": ("title", "description", "url", "thumb_url"),
    "miniprogrampage": ("title", "pagepath", "thumb_media_id"),
}
# Everything before an odd number of backslashes and a `u`.
ESCAPE = re.compile(rb"((?:^|[^\\])(?:\\\\)*)\\u")

Handler: TypeAlias = Callable[[Request], Awaitable[JsonObject | Response]]


@dataclass(frozen=True, slots=True)
class _CustomMessage:
    """A customer-service message whose form is right."""

    openid: str
    msgtype: str
    content: JsonObject
    body: JsonObject


class WechatCalls:
    """The platform's HTTP interface."""

    def __init__(self, platform: WechatPlatform) -> None:
        self._platform = platform

    def routes(self) -> list[Route]:
        """Give one route a call, errors worded as the platform words them."""
        calls: dict[str, tuple[str, Handler]] = {
            "/cgi-bin/token": ("GET POST", self.token),
            "/cgi-bin/stable_token": ("POST", self.stable_token),
            "/sns/jscode2session": ("GET", self.login),
            "/cgi-bin/message/custom/send": ("POST", self.send),
            "/cgi-bin/message/custom/typing": ("POST", self.typing),
            "/cgi-bin/media/upload": ("POST", self.upload),
            "/cgi-bin/media/get": ("GET", self.download),
        }
        return [
            Route(path, self._endpoint(methods.split(), handler), methods=["GET", "POST"])
            for path, (methods, handler) in calls.items()
        ]

    def refuse(self, code: int) -> Response:
        """Word an error; the HTTP status is 200, as always here."""
        request_id = opaque(self._platform.random_bytes, 24)
        return _answer({"errcode": int(code), "errmsg": f"{wording(code)} rid: {request_id}"})

    async def token(self, request: Request) -> JsonObject:
        fields: JsonObject = dict(request.query_params)
        if fields.get("grant_type") != "client_credential":
            raise WechatError(Errcode.GRANT_TYPE)
        account = self._authenticated(fields)
        value, seconds = self._platform.tokens.plain(account)
        return {"access_token": value, "expires_in": seconds}

    async def stable_token(self, request: Request) -> JsonObject:
        fields = await _json(request)
        if fields.get("grant_type") != "client_credential":
            raise WechatError(Errcode.GRANT_TYPE)
        account = self._authenticated(fields)
        force = fields.get("force_refresh") is True
        value, seconds = self._platform.tokens.stable(account, force=force)
        return {"access_token": value, "expires_in": seconds}

    async def login(self, request: Request) -> JsonObject:
        fields: JsonObject = dict(request.query_params)
        account = self._authenticated(fields)
        if fields.get("grant_type") != "authorization_code":
            raise WechatError(Errcode.GRANT_TYPE)
        customer = self._platform.login(account, str(fields.get("js_code", "")))
        answer: JsonObject = {"session_key": customer.session_key, "openid": customer.openid}
        return {**answer, "unionid": customer.unionid} if customer.unionid else answer

    async def send(self, request: Request) -> JsonObject:
        account = self._account(request)
        message = _custom_message(await request.body())
        platform, now = self._platform, self._platform.now()
        customer = platform.known_customer(account.appid, message.openid)
        if message.msgtype == "image":
            platform.find_media(message.content["media_id"])
        if message.msgtype == "miniprogrampage":
            platform.find_media(message.content["thumb_media_id"])
        customer.spend(now)
        sent = SentMessage(account.appid, message.openid, message.msgtype, message.body, at=now)
        platform.sent.append(sent)
        customer.inbox.append(_bubble(sent, message.content))
        customer.typing_until = None
        return {"errcode": 0, "errmsg": "ok"}

    async def typing(self, request: Request) -> JsonObject:
        account = self._account(request)
        fields = await _json(request)
        customer = self._platform.known_customer(account.appid, fields.get("touser"))
        customer.type_in(str(fields.get("command", "")), self._platform.now())
        return {"errcode": 0, "errmsg": "ok"}

    async def upload(self, request: Request) -> JsonObject:
        self._account(request)
        # A mini-program may upload pictures only.
        if request.query_params.get("type") != "image":
            raise WechatError(Errcode.MEDIA_TYPE)
        content_type = request.headers.get("content-type", "")
        file = uploaded(content_type, await request.body(), "media")
        if file is None:
            raise WechatError(Errcode.FILE_MISSING)
        if len(file.data) > MAX_IMAGE_BYTES:
            raise WechatError(Errcode.MEDIA_TOO_LARGE)
        picture = look_at(file.data)
        if picture is None:
            raise WechatError(Errcode.FILE_TYPE)
        media = self._platform.keep_media(picture.media_type, file.data)
        created_at = int(media.created_at.timestamp())
        return {"type": "image", "media_id": media.id, "created_at": created_at}

    async def download(self, request: Request) -> Response:
        self._account(request)
        media = self._platform.find_media(request.query_params.get("media_id"))
        disposition = f'attachment; filename="{media.id}"'
        headers = {"content-disposition": disposition}
        return Response(media.data, media_type=media.media_type, headers=headers)

    def _endpoint(
        self, methods: list[str], handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.method not in methods:
                needed = Errcode.GET_NEEDED if methods == ["GET"] else Errcode.POST_NEEDED
                return self.refuse(needed)
            try:
                answer = await handler(request)
            except WechatError as error:
                return self.refuse(error.code)
            except BodyUnreadableError:
                return self.refuse(Errcode.DATA_FORMAT)
            return answer if isinstance(answer, Response) else _answer(answer)

        return endpoint

    def _authenticated(self, fields: JsonObject) -> WechatAccount:
        appid, secret = fields.get("appid", ""), fields.get("secret", "")
        return self._platform.tokens.authenticate(str(appid), str(secret))

    def _account(self, request: Request) -> WechatAccount:
        return self._platform.tokens.account_of(request.query_params.get("access_token", ""))


async def _json(request: Request) -> JsonObject:
    return json_object(await request.body())


def _answer(fields: JsonObject) -> Response:
    # `encoding`, not `charset`: the live platform's own slip.
    return Response(compact(fields), headers={"content-type": "application/json; encoding=utf-8"})


def _custom_message(raw: bytes) -> _CustomMessage:
    # The platform does not undo \\uXXXX: the customer reads the escape, and its bytes count.
    body = json_object(ESCAPE.sub(rb"\1\\\\u", raw))
    msgtype = body.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in REQUIRED:
        raise WechatError(Errcode.MESSAGE_TYPE)
    content = body.get(msgtype)
    if not isinstance(content, dict):
        raise WechatError(Errcode.DATA_FORMAT)
    if not all(isinstance(content.get(name), str) for name in REQUIRED[msgtype]):
        raise WechatError(Errcode.DATA_FORMAT)
    if len(content.get("content", "").encode()) > MAX_TEXT_BYTES:
        raise WechatError(Errcode.CONTENT_TOO_LONG)
    return _CustomMessage(str(body.get("touser", "")), msgtype, content, body)


def _bubble(sent: SentMessage, content: JsonObject) -> Bubble:
    return Bubble(
        kind=sent.msgtype,
        text=sent.text or content.get("title", ""),
        at=sent.at,
        note=AI_NOTE if sent.is_ai else "",
        media_id=content.get("media_id", ""),
    )
