"""Access tokens: the stable kind, which repeats, and the plain kind, which replaces."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.chance import RandomBytes, opaque
from simulators.wechat.account import WechatAccount
from simulators.wechat.errors import Errcode, WechatError

LIFETIME = timedelta(seconds=7200)
# The platform swaps a token five minutes before its end, and old and new both work meanwhile.
OVERLAP = timedelta(minutes=5)
FORCE_GAP = timedelta(seconds=30)
FORCES_A_DAY = 20
WELL_FORMED = re.compile(r"\d+_[\w-]{100}")


@dataclass(slots=True)
class AccessToken:
    """One token and until when it works."""

    value: str
    appid: str
    expires_at: datetime
    revoked: bool = False


@dataclass(slots=True)
class _Forced:
    """An account's forced refreshes of one day."""

    last: datetime
    count: int


class TokenOffice:
    """Issues access tokens to accounts and tells whose a token is."""

    def __init__(
        self,
        accounts: Sequence[WechatAccount],
        *,
        now: Callable[[], datetime],
        random_bytes: RandomBytes,
    ) -> None:
        self._accounts = {account.appid: account for account in accounts}
        self._now = now
        self._random_bytes = random_bytes
        self._issued: dict[str, AccessToken] = {}
        self._stable: dict[str, AccessToken] = {}
        self._plain: dict[str, AccessToken] = {}
        self._forced: dict[str, _Forced] = {}

    def authenticate(self, appid: str, secret: str) -> WechatAccount:
        """Give the account of an appid and its secret.

        Raises:
            WechatError: One of them is missing or wrong.
        """
        if not appid:
            raise WechatError(Errcode.APPID_MISSING)
        if not secret:
            raise WechatError(Errcode.SECRET_MISSING)
        account = self._accounts.get(appid)
        if account is None:
            raise WechatError(Errcode.APPID)
        if account.secret != secret:
            raise WechatError(Errcode.APPSECRET)
        return account

    def plain(self, account: WechatAccount) -> tuple[str, int]:
        """Issue a token that ends the former one, after the overlap; and its seconds."""
        former = self._plain.get(account.appid)
        if former is not None:
            former.expires_at = min(former.expires_at, self._now() + OVERLAP)
        token = self._plain[account.appid] = self._issue(account)
        return token.value, self._seconds_left(token)

    def stable(self, account: WechatAccount, *, force: bool) -> tuple[str, int]:
        """Give the standing token with what is left of it, or a new one where one is due."""
        token = self._stable.get(account.appid)
        if force and token is not None:
            token = self._forced_anew(account, token)
        elif token is None or token.revoked or token.expires_at - self._now() <= OVERLAP:
            token = self._stable[account.appid] = self._issue(account)
        return token.value, self._seconds_left(token)

    def account_of(self, value: str) -> WechatAccount:
        """Give the account a token speaks for.

        Raises:
            WechatError: The token is missing, malformed, replaced or expired.
        """
        if not value:
            raise WechatError(Errcode.TOKEN_MISSING)
        if WELL_FORMED.fullmatch(value) is None:
            raise WechatError(Errcode.TOKEN_MALFORMED)
        token = self._issued.get(value)
        if token is None or token.revoked:
            raise WechatError(Errcode.TOKEN_INVALID)
        if token.expires_at <= self._now():
            raise WechatError(Errcode.TOKEN_EXPIRED)
        return self._accounts[token.appid]

    def revoke_all(self) -> None:
        """Make every token so far invalid, as a reset of the secret does."""
        for token in self._issued.values():
            token.revoked = True

    @property
    def issued(self) -> tuple[str, ...]:
        return tuple(self._issued)

    def _forced_anew(self, account: WechatAccount, token: AccessToken) -> AccessToken:
        forced = self._forced.setdefault(
            account.appid, _Forced(last=self._now() - FORCE_GAP, count=0)
        )
        if self._now() - forced.last < FORCE_GAP:
            return token
        if self._now().date() != forced.last.date():
            forced.count = 0
        if forced.count >= FORCES_A_DAY:
            raise WechatError(Errcode.DAILY_LIMIT)
        forced.last, forced.count = self._now(), forced.count + 1
        token.revoked = True
        token = self._stable[account.appid] = self._issue(account)
        return token

    def _issue(self, account: WechatAccount) -> AccessToken:
        value = f"{len(self._issued) + 1}_{opaque(self._random_bytes, 100)}"
        token = AccessToken(value, account.appid, expires_at=self._now() + LIFETIME)
        self._issued[value] = token
        return token

    def _seconds_left(self, token: AccessToken) -> int:
        return int((token.expires_at - self._now()).total_seconds())
