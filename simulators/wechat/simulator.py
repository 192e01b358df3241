"""`WechatSimulator`: the platform as one object, with its app and its pushes."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulators.chance import RandomBytes, digits
from simulators.control import ControlError, ControlPlane, text_field
from simulators.delivery import Attempt, Courier, Delivery, RetryRule
from simulators.faults import FaultLayer, FaultSwitch, Sleep
from simulators.images import look_at
from simulators.wechat.account import WechatAccount
from simulators.wechat.calls import WechatCalls
from simulators.wechat.customers import ALLOWANCES, Allowance, Bubble, Customer, Trigger
from simulators.wechat.envelope import Envelope, ReplyInvalidError
from simulators.wechat.errors import Errcode, WechatError
from simulators.wechat.platform import SentMessage, WechatPlatform
from simulators.wire import JsonObject

PICTURE_PATH = "/mmbiz_jpg/{media_id}/0"


class WechatSimulator:
    """WeChat for one or more mini-programs.

    `app` is what our adapter calls. `connect` names the callback that the `push_…` methods deliver
    to. The methods need the `appid` only where there is more than one account.
    """

    def __init__(
        self,
        *accounts: WechatAccount,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        random_bytes: RandomBytes = secrets.token_bytes,
        base_url: str = "http://mmbiz.qpic.cn",
        retry_rule: RetryRule | None = None,
        allowances: Mapping[Trigger, Allowance] = ALLOWANCES,
    ) -> None:
        self.faults = FaultSwitch()
        self.platform = WechatPlatform(accounts, allowances, now=now, random_bytes=random_bytes)
        self.base_url = base_url
        """Where pictures that customers send are fetched from: this app's own address."""
        rule = retry_rule or RetryRule()
        self._couriers = {one.appid: Courier(rule, now=now, sleep=sleep) for one in accounts}
        self.misunderstood: list[Delivery] = []
        """Deliveries whose reply the platform could make nothing of."""
        self._calls = WechatCalls(self.platform)
        control = ControlPlane(
            faults=self.faults,
            state=self.state,
            inbox=self.inboxes,
            actions={"push": self._push_action, "login": self._login_action},
        )
        picture = Route(PICTURE_PATH, self._picture)
        routes = [*self._calls.routes(), picture, *control.routes()]
        self.app = FaultLayer(
            Starlette(routes=routes), self.faults, refusal=self._refusal, sleep=sleep
        )

    def connect(self, url: str, http: httpx.AsyncClient, *, appid: str | None = None) -> None:
        """Name an account's callback address; `http` stays the caller's to close."""
        self._couriers[self.platform.account(appid).appid].connect(url, http)

    @property
    def sent(self) -> list[SentMessage]:
        """Every customer-service message that was taken, oldest first."""
        return self.platform.sent

    def customer(self, openid: str, *, appid: str | None = None) -> Customer:
        """Give a customer; one who was never heard of is known from now on."""
        return self.platform.customer(self.platform.account(appid).appid, openid)

    def inbox(self, openid: str, *, appid: str | None = None) -> list[Bubble]:
        """Give what a customer received, oldest first."""
        return self.customer(openid, appid=appid).inbox

    def screen(self, openid: str, *, appid: str | None = None) -> list[str]:
        """Give the lines a customer reads: each text, and under it the platform's grey line."""
        bubbles = self.inbox(openid, appid=appid)
        return [line for bubble in bubbles for line in (bubble.text, bubble.note) if line]

    def login(self, openid: str, *, appid: str | None = None) -> str:
        """Give the code `wx.login` would give the customer."""
        return self.platform.login_code(self.platform.account(appid).appid, openid)

    def revoke_tokens(self) -> None:
        """Make every access token so far answer 40001."""
        self.platform.tokens.revoke_all()

    async def verify_url(self, *, appid: str | None = None) -> tuple[bool, Attempt]:
        """Make the GET of the console's "save"; tell whether the callback proved itself."""
        account = self.platform.account(appid)
        echostr = digits(self.platform.random_bytes, 19)
        letter = self._envelope(account).verification(echostr)
        attempt = await self._couriers[account.appid].carry(letter)
        proved = attempt.succeeded and attempt.body == echostr.encode()
        return proved, attempt

    async def push_text(self, openid: str, text: str, *, appid: str | None = None) -> Delivery:
        """The customer writes."""
        fields = self.message("text", openid, {"Content": text}, appid=appid)
        return await self.push(fields, appid=appid)

    async def push_image(self, openid: str, image: bytes, *, appid: str | None = None) -> Delivery:
        """The customer sends a picture, which `PicUrl` and `media/get` both give."""
        picture = look_at(image)
        media_type = picture.media_type if picture else "application/octet-stream"
        media = self.platform.keep_media(media_type, image)
        url = self.base_url + PICTURE_PATH.format(media_id=media.id)
        content = {"PicUrl": url, "MediaId": media.id}
        fields = self.message("image", openid, content, appid=appid)
        return await self.push(fields, appid=appid)

    async def push_page(
        self, openid: str, title: str, path: str, *, appid: str | None = None
    ) -> Delivery:
        """The customer sends a mini-program card."""
        media = self.platform.keep_media("image/jpeg", b"")
        url = self.base_url + PICTURE_PATH.format(media_id=media.id)
        content = {"Title": title, "AppId": self.platform.account(appid).appid, "PagePath": path}
        content |= {"ThumbUrl": url, "ThumbMediaId": media.id}
        fields = self.message("miniprogrampage", openid, content, appid=appid)
        return await self.push(fields, appid=appid)

    async def push_enter_session(
        self, openid: str, session_from: str = "", *, appid: str | None = None
    ) -> Delivery:
        """The customer opens the chat."""
        content = {"SessionFrom": session_from}
        return await self.push_event(openid, "user_enter_tempsession", content, appid=appid)

    async def push_event(
        self, openid: str, event: str, content: JsonObject, *, appid: str | None = None
    ) -> Delivery:
        """Any event; it has no `MsgId`."""
        fields = self.message("event", openid, {"Event": event, **content}, appid=appid)
        del fields["MsgId"]
        return await self.push(fields, appid=appid)

    def message(
        self, kind: str, openid: str, content: JsonObject, *, appid: str | None = None
    ) -> JsonObject:
        """Write a message's fields; pushed twice it is the platform's own duplicate."""
        return {
            "ToUserName": self.platform.account(appid).original_id,
            "FromUserName": openid,
            "CreateTime": int(self.platform.now().timestamp()),
            "MsgType": kind,
            **content,
            # Beyond 2**53, so that a reader who goes through floating point shows.
            "MsgId": int(digits(self.platform.random_bytes, 17)),
        }

    async def push(self, fields: JsonObject, *, appid: str | None = None) -> Delivery:
        """Deliver a message under the platform's rule: five seconds, three tries, the same `MsgId`.

        While staff holds the conversation a message reaches them and not the callback: then the
        delivery has no attempts.
        """
        account = self.platform.account(appid)
        customer = self.platform.customer(account.appid, fields["FromUserName"])
        self._open_window(customer, fields)
        message_id = str(fields.get("MsgId", ""))
        if fields["MsgType"] != "event" and customer.held_by_staff(self.platform.now()):
            return Delivery(id=message_id, attempts=(), accepted=True)
        envelope = self._envelope(account)
        delivery = await self._couriers[account.appid].deliver(
            message_id, lambda: envelope.push(fields), _taken
        )
        if delivery.accepted:
            self._read_reply(envelope, customer, fields, delivery)
        return delivery

    def staff_accepts(self, openid: str, *, appid: str | None = None) -> None:
        """A member of staff takes the conversation over in the platform's own tool."""
        customer = self.customer(openid, appid=appid)
        customer.waits_for_staff, customer.staff_since = False, self.platform.now()

    def staff_closes(self, openid: str, *, appid: str | None = None) -> None:
        """Staff ends the conversation; messages reach the callback again."""
        self.customer(openid, appid=appid).staff_since = None

    def state(self) -> JsonObject:
        """Give customers and budgets, what was sent, and how many tokens were issued."""
        now = self.platform.now()
        customers = self.platform.customers.items()
        return {
            "platform": "wechat",
            "accounts": sorted(self.platform.accounts),
            "tokens_issued": len(self.platform.tokens.issued),
            "customers": [
                {"appid": appid, "openid": openid, **customer.as_json(now)}
                for (appid, openid), customer in customers
            ],
            "sent": [message.as_json() for message in self.sent],
        }

    def inboxes(self) -> JsonObject:
        """Give what every customer received."""
        customers = self.platform.customers.items()
        return {
            "inbox": [
                {"appid": appid, "openid": openid, **bubble.as_json()}
                for (appid, openid), customer in customers
                for bubble in customer.inbox
            ]
        }

    def _envelope(self, account: WechatAccount) -> Envelope:
        platform = self.platform
        return Envelope(account, now=platform.now, random_bytes=platform.random_bytes)

    def _open_window(self, customer: Customer, fields: JsonObject) -> None:
        trigger = None
        if fields["MsgType"] != "event":
            trigger = Trigger.MENU_CLICK if "bizmsgmenuid" in fields else Trigger.MESSAGE
        elif fields["Event"] == "user_enter_tempsession":
            trigger = Trigger.ENTER_SESSION
        if trigger is not None:
            customer.act(trigger, self.platform.allowances, self.platform.now())

    def _read_reply(
        self, envelope: Envelope, customer: Customer, fields: JsonObject, delivery: Delivery
    ) -> None:
        try:
            reply = envelope.open_reply(delivery.last.body)
        except ReplyInvalidError:
            self.misunderstood.append(delivery)
            return
        wanted = reply is not None and reply.get("MsgType") == "transfer_customer_service"
        if wanted and fields["MsgType"] != "event":
            customer.waits_for_staff = True

    async def _picture(self, request: Request) -> Response:
        try:
            media = self.platform.find_media(request.path_params["media_id"])
        except WechatError:
            return Response(status_code=404)
        return Response(media.data, media_type=media.media_type)

    def _refusal(self, code: str, request: Request) -> Response:
        return self._calls.refuse(int(code or Errcode.BUSY))

    async def _login_action(self, fields: JsonObject) -> JsonObject:
        appid = fields.get("appid")
        return {"code": self.login(text_field(fields, "openid"), appid=appid)}

    async def _push_action(self, fields: JsonObject) -> JsonObject:
        openid, appid = text_field(fields, "openid"), fields.get("appid")
        kind = text_field(fields, "kind", "text")
        if kind == "text":
            delivery = await self.push_text(openid, text_field(fields, "text"), appid=appid)
        elif kind == "enter_session":
            session_from = text_field(fields, "session_from", "")
            delivery = await self.push_enter_session(openid, session_from, appid=appid)
        else:
            msg = f"a push is of kind 'text' or 'enter_session', not {kind!r}"
            raise ControlError(msg)
        return delivery.as_json()


def _taken(attempt: Attempt) -> bool:
    return attempt.succeeded
