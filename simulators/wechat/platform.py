"""What the platform knows: accounts, customers, tokens, media, and what was sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.chance import RandomBytes, opaque
from simulators.control import ControlError
from simulators.wechat.account import WechatAccount
from simulators.wechat.customers import Allowance, Customer, Trigger
from simulators.wechat.errors import Errcode, WechatError
from simulators.wechat.tokens import TokenOffice
from simulators.wire import JsonObject

LOGIN_CODE_LASTS = timedelta(minutes=5)
MEDIA_LASTS = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Media:
    """A temporary file."""

    id: str
    media_type: str
    data: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One customer-service message the platform took."""

    appid: str
    openid: str
    msgtype: str
    body: JsonObject
    """The whole request, `aimsgcontext` with it."""
    at: datetime

    @property
    def is_ai(self) -> bool:
        """Whether the sender declared it as made by a model."""
        context = self.body.get("aimsgcontext")
        return isinstance(context, dict) and context.get("is_ai_msg") == 1

    @property
    def text(self) -> str:
        """What a text message says; empty for other kinds."""
        return str(self.body.get("text", {}).get("content", ""))

    def as_json(self) -> JsonObject:
        return {
            "appid": self.appid,
            "openid": self.openid,
            "msgtype": self.msgtype,
            "body": self.body,
            "is_ai": self.is_ai,
            "at": self.at.isoformat(),
        }


class WechatPlatform:
    """The platform's memory; the calls and the pushes both work on it."""

    def __init__(
        self,
        accounts: Sequence[WechatAccount],
        allowances: Mapping[Trigger, Allowance],
        *,
        now: Callable[[], datetime],
        random_bytes: RandomBytes,
    ) -> None:
        self.accounts = {account.appid: account for account in accounts}
        self.allowances = allowances
        self.tokens = TokenOffice(accounts, now=now, random_bytes=random_bytes)
        self.customers: dict[tuple[str, str], Customer] = {}
        self.media: dict[str, Media] = {}
        self.sent: list[SentMessage] = []
        self.now = now
        self.random_bytes = random_bytes
        self._codes: dict[str, tuple[str, str, datetime]] = {}

    def account(self, appid: str | None) -> WechatAccount:
        """Give an account by its appid; without one, the only account there is.

        Raises:
            ControlError: There is no such account, or it is not clear which is meant.
        """
        if appid is None and len(self.accounts) == 1:
            return next(iter(self.accounts.values()))
        if appid not in self.accounts:
            msg = f"name one of the accounts {sorted(self.accounts)}, not {appid!r}"
            raise ControlError(msg)
        return self.accounts[appid]

    def customer(self, appid: str, openid: str) -> Customer:
        """Give a customer, and get to know a new one."""
        if (appid, openid) not in self.customers:
            session_key = opaque(self.random_bytes, 24)
            self.customers[appid, openid] = Customer(openid=openid, session_key=session_key)
        return self.customers[appid, openid]

    def known_customer(self, appid: str, openid: object) -> Customer:
        """Give a customer a caller speaks of.

        Raises:
            WechatError: Nobody of that openid ever came to the mini-program.
        """
        known = self.customers.get((appid, openid)) if isinstance(openid, str) else None
        if known is None:
            raise WechatError(Errcode.OPENID)
        return known

    def login_code(self, appid: str, openid: str) -> str:
        """Give what `wx.login` gives: five minutes, one use."""
        code = opaque(self.random_bytes, 32)
        self.customer(appid, openid)
        self._codes[code] = (appid, openid, self.now() + LOGIN_CODE_LASTS)
        return code

    def login(self, account: WechatAccount, code: str) -> Customer:
        """Exchange a login code.

        Raises:
            WechatError: It is unknown, used, expired, or the customer is held for a risk.
        """
        appid, openid, ends_at = self._codes.pop(code, ("", "", self.now()))
        if appid != account.appid or ends_at <= self.now():
            raise WechatError(Errcode.LOGIN_CODE)
        customer = self.customer(appid, openid)
        if customer.blocked:
            raise WechatError(Errcode.USER_BLOCKED)
        return customer

    def keep_media(self, media_type: str, data: bytes) -> Media:
        """Keep a file for three days under a new id."""
        media = Media(opaque(self.random_bytes, 64), media_type, data, created_at=self.now())
        self.media[media.id] = media
        return media

    def find_media(self, media_id: object) -> Media:
        """Give a file that is still kept.

        Raises:
            WechatError: The id is unknown or over.
        """
        media = self.media.get(media_id) if isinstance(media_id, str) else None
        if media is None or self.now() - media.created_at >= MEDIA_LASTS:
            raise WechatError(Errcode.MEDIA_ID)
        return media
