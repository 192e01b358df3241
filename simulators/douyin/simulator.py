"""`DouyinSimulator`: the platform as one object, with its app and its webhooks."""

import asyncio
import base64
import secrets
from collections.abc import Callable
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from simulators.chance import RandomBytes, digits
from simulators.control import ControlError, ControlPlane, text_field
from simulators.delivery import Attempt, Courier, Delivery, Letter, RetryRule
from simulators.douyin.app import DouyinApp
from simulators.douyin.calls import IM_SCOPE, DouyinCalls, Manners, SentMessage
from simulators.douyin.conversations import Bubble, Conversation, ConversationBook, Limits, Scene
from simulators.douyin.errors import Code
from simulators.douyin.oauth import TokenOffice
from simulators.douyin.signature import sign
from simulators.faults import FaultLayer, FaultSwitch, Sleep
from simulators.wire import BodyUnreadableError, JsonObject, compact, json_object


class DouyinSimulator:
    """Douyin's open platform for one app.

    `app` is what our adapter calls. `connect` names the callback that the webhooks go to. The
    methods need the `brand` only where the app acts for more than one.
    """

    def __init__(
        self,
        douyin_app: DouyinApp,
        *,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        random_bytes: RandomBytes = secrets.token_bytes,
        retry_rule: RetryRule | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.faults = FaultSwitch()
        self.douyin_app = douyin_app
        self.manners = Manners()
        """Which shell answers come in, and whether codes are text."""
        self.echoes = True
        """Whether an accepted message comes back as `im_send_msg`."""
        self.content_as_text = False
        """Whether an event's `content` is a JSON string; the platform has it both ways."""
        self.echo_deliveries: list[Delivery] = []
        self._now = now
        self._random_bytes = random_bytes
        self._courier = Courier(retry_rule or RetryRule(), now=now, sleep=sleep)
        self.tokens = TokenOffice(douyin_app, now=now, random_bytes=random_bytes)
        self.book = ConversationBook(limits or Limits(), now=now, new_id=self._new_id)
        self._calls = DouyinCalls(
            self.tokens,
            self.book,
            manners=self.manners,
            on_sent=self._echo,
            new_id=self._new_id,
            now=now,
            random_bytes=random_bytes,
        )
        control = ControlPlane(
            faults=self.faults,
            state=self.state,
            inbox=self.inboxes,
            actions={"push": self._push_action, "authorise": self._authorise_action},
        )
        routes = [*self._calls.routes(), *control.routes()]
        self.app = FaultLayer(
            Starlette(routes=routes), self.faults, refusal=self._refusal, sleep=sleep
        )

    def connect(self, url: str, http: httpx.AsyncClient) -> None:
        """Name the callback address; `http` stays the caller's to close."""
        self._courier.connect(url, http)

    @property
    def sent(self) -> list[SentMessage]:
        """Every direct message that was taken, oldest first."""
        return self._calls.sent

    def conversation(self, customer: str, *, brand: str | None = None) -> Conversation:
        """Give a customer's conversation with a brand."""
        return self.book.between(self._brand(brand), customer)

    def inbox(self, customer: str, *, brand: str | None = None) -> list[Bubble]:
        """Give what a customer received, oldest first."""
        return self.conversation(customer, brand=brand).inbox

    def authorise(
        self, *, brand: str | None = None, scopes: tuple[str, ...] = (IM_SCOPE, "user_info")
    ) -> str:
        """The brand's account consents; give the code that is exchanged for tokens."""
        return self.tokens.authorise(self._brand(brand), scopes)

    async def unauthorise(self, *, brand: str | None = None) -> Delivery:
        """The brand's account withdraws its consent: tokens die, and an event says so."""
        open_id = self._brand(brand)
        self.tokens.revoke(open_id)
        return await self.push_event("unauthorize", {"scopes": [IM_SCOPE]}, from_user=open_id)

    async def verify_webhook(self, challenge: int | str = 12345) -> tuple[bool, Attempt]:
        """Make the POST of the console's "save"; tell whether the challenge came back unchanged."""
        probe = {"event": "verify_webhook", "client_key": "", "content": {"challenge": challenge}}
        attempt = await self._courier.carry(self._letter(compact(probe), self._message_id()))
        try:
            answered = json_object(attempt.body).get("challenge")
        except BodyUnreadableError:
            return False, attempt
        kept = type(answered) is type(challenge) and answered == challenge
        return attempt.succeeded and kept, attempt

    async def push_text(self, customer: str, text: str, *, brand: str | None = None) -> Delivery:
        """The customer writes."""
        return await self.push_message(customer, "text", {"text": text}, brand=brand)

    async def push_image(self, customer: str, url: str, *, brand: str | None = None) -> Delivery:
        """The customer sends a picture; `url` is empty for website apps."""
        content = {"resource_type": "image", "resource_width": 1080, "resource_height": 1920}
        picture: JsonObject = {**content, "resource_url": url}
        return await self.push_message(customer, "image", picture, brand=brand)

    async def push_message(
        self, customer: str, message_type: str, fields: JsonObject, *, brand: str | None = None
    ) -> Delivery:
        """The customer sends a message of any type."""
        conversation = self.conversation(customer, brand=brand)
        content = self._content(conversation, message_type, fields)
        self.book.open(conversation, content["server_message_id"], Scene.REPLY)
        return await self.push_event(
            "im_receive_msg", content, from_user=customer, to_user=conversation.brand
        )

    async def push_enter(
        self, customer: str, fields: JsonObject | None = None, *, brand: str | None = None
    ) -> Delivery:
        """The customer opens the chat; `fields` are further ones, such as `data-im-extra`."""
        conversation = self.conversation(customer, brand=brand)
        content = {
            "conversation_short_id": conversation.id,
            "server_message_id": self._new_id(),
            "conversation_type": 1,
            "create_time": self._now_ms(),
            "scene_type": 100,
            **(fields or {}),
        }
        self.book.open(conversation, content["server_message_id"], Scene.ENTER)
        return await self.push_event(
            "im_enter_direct_msg",
            content,
            from_user=customer,
            to_user=conversation.brand,
            as_text=True,  # this event has it so in every sample
        )

    async def push_staff_reply(
        self, customer: str, text: str, *, brand: str | None = None
    ) -> Delivery:
        """A person answers the customer in Douyin's own app; the brand's callback hears of it."""
        conversation = self.conversation(customer, brand=brand)
        conversation.inbox.append(Bubble("text", text, at=self._now()))
        content = self._content(conversation, "text", {"text": text})
        return await self.push_event(
            "im_send_msg", content, from_user=conversation.brand, to_user=customer
        )

    async def push_event(
        self,
        event: str,
        content: JsonObject,
        *,
        from_user: str = "",
        to_user: str = "",
        as_text: bool | None = None,
    ) -> Delivery:
        """Deliver any event under the platform's rule: five seconds, three tries, one `Msg-Id`."""
        written_as_text = self.content_as_text if as_text is None else as_text
        envelope = {
            "event": event,
            "client_key": self.douyin_app.client_key,
            "from_user_id": from_user,
            "to_user_id": to_user,
            "content": compact(content).decode() if written_as_text else content,
            "log_id": f"02{digits(self._random_bytes, 51)}",
        }
        return await self.push(compact(envelope), self._message_id())

    async def push(self, body: bytes, message_id: str) -> Delivery:
        """Deliver bytes as they are; the same id again is the platform's own duplicate."""
        letter = self._letter(body, message_id)
        return await self._courier.deliver(message_id, lambda: letter, _taken)

    def state(self) -> JsonObject:
        """Give conversations with what is left to send, what was sent, and the number of tokens."""
        return {
            "platform": "douyin",
            "brands": list(self.douyin_app.brands),
            "tokens_issued": len(self.tokens.issued),
            "conversations": [
                {
                    "id": one.id,
                    "brand": one.brand,
                    "customer": one.customer,
                    "openings": {key: opening.left for key, opening in one.openings.items()},
                }
                for one in self.book.all
            ],
            "sent": [message.as_json() for message in self.sent],
        }

    def inboxes(self) -> JsonObject:
        """Give what every customer received."""
        return {
            "inbox": [
                {"brand": one.brand, "customer": one.customer, **bubble.as_json()}
                for one in self.book.all
                for bubble in one.inbox
            ]
        }

    async def _echo(self, message: SentMessage) -> None:
        if not self.echoes or not self._courier.connected:
            return
        conversation = self.book.between(message.brand, message.customer)
        fields = {"source": self.douyin_app.client_key, "server_message_id": message.id}
        said = {"text": message.text} if message.text else {}
        content = self._content(conversation, message.kind, {**fields, **said})
        delivery = await self.push_event(
            "im_send_msg", content, from_user=message.brand, to_user=message.customer
        )
        self.echo_deliveries.append(delivery)

    def _content(
        self, conversation: Conversation, message_type: str, fields: JsonObject
    ) -> JsonObject:
        people = (conversation.customer, conversation.brand)
        return {
            "conversation_short_id": conversation.id,
            "server_message_id": self._new_id(),
            "conversation_type": 1,
            "create_time": self._now_ms(),
            "message_type": message_type,
            "source": "",
            "scene_type": 100,
            "user_infos": [{"open_id": one, "nick_name": "用户", "avatar": ""} for one in people],
            **fields,
        }

    def _letter(self, body: bytes, message_id: str) -> Letter:
        headers = {
            "content-type": "application/json",
            "x-douyin-signature": sign(self.douyin_app.signing_secret, body),
            "msg-id": message_id,
        }
        return Letter(body=body, headers=headers)

    def _brand(self, brand: str | None) -> str:
        brands = self.douyin_app.brands
        if brand is None and len(brands) == 1:
            return brands[0]
        if brand not in brands:
            msg = f"name one of the brands {list(brands)}, not {brand!r}"
            raise ControlError(msg)
        return brand

    def _new_id(self) -> str:
        return f"@{base64.b64encode(self._random_bytes(64)).decode()}"

    def _message_id(self) -> str:
        return self._random_bytes(16).hex()

    def _now_ms(self) -> int:
        return int(self._now().timestamp() * 1000)

    def _refusal(self, code: str, request: Request) -> Response:
        return self._calls.refuse(int(code or Code.BUSY), request)

    async def _authorise_action(self, fields: JsonObject) -> JsonObject:
        return {"code": self.authorise(brand=fields.get("brand"))}

    async def _push_action(self, fields: JsonObject) -> JsonObject:
        customer, brand = text_field(fields, "customer"), fields.get("brand")
        kind = text_field(fields, "kind", "text")
        if kind == "text":
            delivery = await self.push_text(customer, text_field(fields, "text"), brand=brand)
        elif kind == "enter":
            delivery = await self.push_enter(customer, brand=brand)
        else:
            msg = f"a push is of kind 'text' or 'enter', not {kind!r}"
            raise ControlError(msg)
        return delivery.as_json()


def _taken(attempt: Attempt) -> bool:
    return attempt.succeeded
