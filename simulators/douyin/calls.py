"""The calls a merchant's server makes: OAuth, direct messages, picture upload."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.chance import RandomBytes, digits
from simulators.douyin.conversations import (
    REPLY_SPELLINGS,
    Bubble,
    Conversation,
    ConversationBook,
    Scene,
)
from simulators.douyin.errors import Code, DouyinError, Shell, answer, oauth_answer
from simulators.douyin.oauth import TokenOffice
from simulators.images import look_at
from simulators.wire import (
    BodyUnreadableError,
    JsonObject,
    compact,
    form_fields,
    json_object,
    uploaded,
)

MAX_IMAGE_BYTES = 10 * 1024 * 1024
IMAGE_TYPES = {"image/jpeg", "image/png", "image/bmp", "image/webp"}
IM_SCOPE = "im.direct_message"
TEXT, IMAGE = 1, 2
# msg_type → the object that goes with it, and what an im_send_msg event calls such a message.
MESSAGE_TYPES = {
    TEXT: ("text", "text"),
    IMAGE: ("image", "image"),
    3: ("video", "video"),
    8: ("retain_consult_card", "retain_consult_card"),
    9: ("group_invitation", "other"),
    10: ("applet_card", "other"),
    11: ("applet_coupon", "other"),
    12: ("auth_private_message_card", "other"),
    204: ("question_guide_msg_card", "other"),
}

OauthStep: TypeAlias = Callable[[JsonObject], JsonObject]


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One direct message the platform took."""

    id: str
    brand: str
    customer: str
    conversation_id: str
    body: JsonObject
    """The whole request."""
    at: datetime

    @property
    def kind(self) -> str:
        """What an event about it calls it."""
        return MESSAGE_TYPES[self.body["content"]["msg_type"]][1]

    @property
    def text(self) -> str:
        """What a text message says; empty for other kinds."""
        return str(self.body["content"].get("text", {}).get("text", ""))

    def as_json(self) -> JsonObject:
        return {
            "id": self.id,
            "brand": self.brand,
            "customer": self.customer,
            "conversation_id": self.conversation_id,
            "body": self.body,
            "at": self.at.isoformat(),
        }


@dataclass(slots=True)
class Manners:
    """How the platform answers where it is known to answer in more than one way."""

    shell: Shell = Shell.DATA_EXTRA
    codes_as_text: bool = False


class DouyinCalls:
    """The platform's HTTP interface."""

    def __init__(
        self,
        tokens: TokenOffice,
        book: ConversationBook,
        *,
        manners: Manners,
        on_sent: Callable[[SentMessage], Awaitable[None]],
        new_id: Callable[[], str],
        now: Callable[[], datetime],
        random_bytes: RandomBytes,
    ) -> None:
        self._tokens = tokens
        self._book = book
        self._manners = manners
        self._on_sent = on_sent
        self._new_id = new_id
        self._now = now
        self._random_bytes = random_bytes
        self.sent: list[SentMessage] = []
        self.images: dict[str, bytes] = {}

    def routes(self) -> list[Route]:
        """Give one route a call, with the closing slash the platform has."""
        forms: dict[str, OauthStep] = {
            "/oauth/access_token/": self._tokens.access_token,
            "/oauth/refresh_token/": self._tokens.refresh_token,
            "/oauth/renew_refresh_token/": self._tokens.renew_refresh_token,
        }
        routes = [
            Route(path, _oauth(step, _form), methods=["POST"]) for path, step in forms.items()
        ]
        client_token = _oauth(self._tokens.client_token, _json)
        return [
            *routes,
            Route("/oauth/client_token/", client_token, methods=["POST"]),
            Route("/im/send/msg/", self._send, methods=["POST"]),
            Route("/tool/imagex/client_upload/", self._upload, methods=["POST"]),
        ]

    def refuse(self, code: int, request: Request) -> Response:
        """Word an error; the HTTP status is 200, as always here."""
        if request.url.path.startswith("/oauth/"):
            return _response(oauth_answer(code, {}))
        return _response(self._in_shell(code, {}))

    async def _send(self, request: Request) -> Response:
        try:
            message = self._take(request, json_object(await request.body()))
        except DouyinError as error:
            return self.refuse(error.code, request)
        except BodyUnreadableError:
            return self.refuse(Code.PARAMETER, request)
        response = _response(self._in_shell(Code.OK, {"msg_id": message.id}))
        # The platform tells of a sent message once it has answered for it, roughly.
        response.background = BackgroundTask(self._on_sent, message)
        return response

    async def _upload(self, request: Request) -> Response:
        try:
            self._tokens.check_client_token(request.headers.get("access-token", ""))
        except DouyinError as error:
            return self.refuse(error.code, request)
        content_type = request.headers.get("content-type", "")
        file = uploaded(content_type, await request.body(), "image")
        picture = look_at(file.data) if file and len(file.data) <= MAX_IMAGE_BYTES else None
        if file is None or picture is None or picture.media_type not in IMAGE_TYPES:
            return self.refuse(Code.PARAMETER, request)
        image_id = self._new_id()
        self.images[image_id] = file.data
        digest = hashlib.md5(file.data).hexdigest()  # noqa: S324 - what the platform answers with
        fields = {"image_id": image_id, "md5": digest}
        size = {"width": picture.width, "height": picture.height}
        shell = self._in_shell(Code.OK, {})
        return _response({**shell, "data": {**shell["data"], **fields, **size}})

    def _take(self, request: Request, body: JsonObject) -> SentMessage:
        brand = self._brand(request)
        scene_name = str(body.get("scene") or "")
        scene = Scene.ENTER if scene_name == Scene.ENTER else Scene.REPLY
        if scene is Scene.REPLY and scene_name not in REPLY_SPELLINGS:
            raise DouyinError(Code.PARAMETER)
        to, conversation_id = body.get("to_user_id"), body.get("conversation_id")
        content = self._content(body)
        conversation = self._book.addressed(conversation_id, brand, to)
        conversation.spend(str(body.get("msg_id", "")), scene, self._now())
        return self._keep(conversation, content, body)

    def _brand(self, request: Request) -> str:
        grant = self._tokens.grant_of(request.headers.get("access-token", ""))
        if request.query_params.get("open_id") != grant.open_id:
            raise DouyinError(Code.TOKEN_OF_ANOTHER)
        if IM_SCOPE not in grant.scopes:
            raise DouyinError(Code.NO_ABILITY)
        return grant.open_id

    def _content(self, body: JsonObject) -> JsonObject:
        content = body.get("content")
        msg_type = content.get("msg_type") if isinstance(content, dict) else None
        if not isinstance(msg_type, int) or msg_type not in MESSAGE_TYPES:
            raise DouyinError(Code.PARAMETER)
        inner = body["content"].get(MESSAGE_TYPES[msg_type][0])
        if not isinstance(inner, dict) or not self._holds_together(msg_type, inner):
            raise DouyinError(Code.PARAMETER)
        return inner

    def _holds_together(self, msg_type: int, inner: JsonObject) -> bool:
        if msg_type == TEXT:
            text = inner.get("text")
            return isinstance(text, str) and 0 < len(text) <= self._book.limits.max_text_characters
        if msg_type == IMAGE:
            return str(inner.get("media_id")) in self.images
        return True

    def _keep(
        self, conversation: Conversation, content: JsonObject, body: JsonObject
    ) -> SentMessage:
        message = SentMessage(
            id=self._new_id(),
            brand=conversation.brand,
            customer=conversation.customer,
            conversation_id=conversation.id,
            body=body,
            at=self._now(),
        )
        self.sent.append(message)
        media_id = str(content.get("media_id", ""))
        bubble = Bubble(message.kind, message.text, at=message.at, media_id=media_id)
        conversation.inbox.append(bubble)
        return message

    def _in_shell(self, code: int, fields: JsonObject) -> JsonObject:
        now = self._now()
        return answer(
            self._manners.shell,
            code,
            fields,
            log_id=f"{now:%Y%m%d%H%M%S}{digits(self._random_bytes, 18)}",
            now_ms=int(now.timestamp() * 1000),
            codes_as_text=self._manners.codes_as_text,
        )


def _oauth(
    step: OauthStep, read: Callable[[Request], Awaitable[JsonObject]]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return _response(oauth_answer(Code.OK, step(await read(request))))
        except DouyinError as error:
            return _response(oauth_answer(error.code, {}))
        except BodyUnreadableError:
            return _response(oauth_answer(Code.OAUTH_PARAMETER, {}))

    return endpoint


async def _json(request: Request) -> JsonObject:
    return json_object(await request.body())


async def _form(request: Request) -> JsonObject:
    return dict(form_fields(request.headers.get("content-type", ""), await request.body()))


def _response(fields: JsonObject) -> Response:
    return Response(compact(fields), media_type="application/json")
