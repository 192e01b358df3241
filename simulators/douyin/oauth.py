"""Douyin's tokens: the client's own, and those a brand account granted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.chance import RandomBytes, opaque
from simulators.douyin.app import DouyinApp
from simulators.douyin.errors import Code, DouyinError
from simulators.wire import JsonObject

CLIENT_TOKEN_LASTS = timedelta(hours=2)
CLIENT_TOKEN_OVERLAP = timedelta(minutes=5)
CODE_LASTS = timedelta(minutes=10)
ACCESS_TOKEN_LASTS = timedelta(days=15)
REFRESH_TOKEN_LASTS = timedelta(days=30)
RENEWALS = 5


@dataclass(slots=True)
class Grant:
    """What a brand account granted the app, from one authorisation on."""

    open_id: str
    scopes: tuple[str, ...]
    refresh_token: str
    refresh_ends_at: datetime
    renewals_left: int = RENEWALS


@dataclass(slots=True)
class Token:
    """One token, the client's if it has no grant."""

    value: str
    ends_at: datetime
    grant: Grant | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class _Code:
    open_id: str
    scopes: tuple[str, ...]
    ends_at: datetime


class TokenOffice:
    """Issues one app's tokens and tells what a token may do."""

    def __init__(
        self, app: DouyinApp, *, now: Callable[[], datetime], random_bytes: RandomBytes
    ) -> None:
        self._app = app
        self._now = now
        self._random_bytes = random_bytes
        self._codes: dict[str, _Code] = {}
        self._tokens: dict[str, Token] = {}
        self._client_tokens: list[Token] = []
        self._grants: dict[str, Grant] = {}

    def authorise(self, open_id: str, scopes: tuple[str, ...]) -> str:
        """Give the code a brand's consent leads to: ten minutes, one use."""
        code = opaque(self._random_bytes, 32)
        self._codes[code] = _Code(open_id, scopes, ends_at=self._now() + CODE_LASTS)
        return code

    def client_token(self, fields: JsonObject) -> JsonObject:
        """Issue a client token; the one before it ends soon, the one before that at once."""
        if fields.get("grant_type") != "client_credential":
            raise DouyinError(Code.OAUTH_PARAMETER)
        self._check_client(fields, secret=True)
        for older in self._client_tokens[:-1]:
            older.revoked = True
        for former in self._client_tokens[-1:]:
            former.ends_at = min(former.ends_at, self._now() + CLIENT_TOKEN_OVERLAP)
        token = self._issue("clt.", CLIENT_TOKEN_LASTS)
        self._client_tokens.append(token)
        return {"access_token": token.value, "expires_in": self._seconds_to(token.ends_at)}

    def access_token(self, fields: JsonObject) -> JsonObject:
        """Exchange a code for the tokens of a new grant."""
        if fields.get("grant_type") != "authorization_code":
            raise DouyinError(Code.OAUTH_PARAMETER)
        self._check_client(fields, secret=True)
        code = self._codes.pop(str(fields.get("code", "")), None)
        if code is None or code.ends_at <= self._now():
            raise DouyinError(Code.OAUTH_CODE)
        refresh_token = f"rft.{opaque(self._random_bytes, 60)}"
        ends_at = self._now() + REFRESH_TOKEN_LASTS
        grant = Grant(code.open_id, code.scopes, refresh_token, refresh_ends_at=ends_at)
        self._grants[refresh_token] = grant
        return self._granted(grant)

    def refresh_token(self, fields: JsonObject) -> JsonObject:
        """Issue another access token; the refresh token lives no longer for it."""
        if fields.get("grant_type") != "refresh_token":
            raise DouyinError(Code.OAUTH_PARAMETER)
        self._check_client(fields, secret=False)
        return self._granted(self._grant(fields))

    def renew_refresh_token(self, fields: JsonObject) -> JsonObject:
        """Replace a refresh token by one of thirty more days, five times at most."""
        self._check_client(fields, secret=False)
        if not self._app.refresh_renewable:
            raise DouyinError(Code.OAUTH_NO_ABILITY)
        grant = self._grant(fields)
        if grant.renewals_left == 0:
            raise DouyinError(Code.OAUTH_RENEWED_TOO_OFTEN)
        del self._grants[grant.refresh_token]
        grant.renewals_left -= 1
        grant.refresh_token = f"rft.{opaque(self._random_bytes, 60)}"
        grant.refresh_ends_at = self._now() + REFRESH_TOKEN_LASTS
        self._grants[grant.refresh_token] = grant
        seconds = self._seconds_to(grant.refresh_ends_at)
        return {"refresh_token": grant.refresh_token, "expires_in": seconds}

    def check_client_token(self, value: str) -> None:
        """Let a client token pass.

        Raises:
            DouyinError: It is none, or no longer.
        """
        if self._valid(value).grant is not None:
            raise DouyinError(Code.TOKEN_INVALID)

    def grant_of(self, value: str) -> Grant:
        """Give the grant an access token stands for.

        Raises:
            DouyinError: It is none, or no longer.
        """
        grant = self._valid(value).grant
        if grant is None:
            raise DouyinError(Code.TOKEN_INVALID)
        return grant

    def revoke(self, open_id: str) -> None:
        """End every grant of a brand account, as its owner may at any time."""
        for token in self._tokens.values():
            if token.grant is not None and token.grant.open_id == open_id:
                token.revoked = True
        self._grants = {
            value: grant for value, grant in self._grants.items() if grant.open_id != open_id
        }

    def revoke_all(self) -> None:
        """Make every token so far invalid; refresh tokens stay."""
        for token in self._tokens.values():
            token.revoked = True

    @property
    def issued(self) -> tuple[str, ...]:
        return tuple(self._tokens)

    def _check_client(self, fields: JsonObject, *, secret: bool) -> None:
        if "client_key" not in fields or (secret and "client_secret" not in fields):
            raise DouyinError(Code.OAUTH_PARAMETER_MISSING)
        if fields["client_key"] != self._app.client_key:
            raise DouyinError(Code.OAUTH_CLIENT_KEY)
        if secret and fields["client_secret"] != self._app.client_secret:
            raise DouyinError(Code.OAUTH_SECRET)

    def _grant(self, fields: JsonObject) -> Grant:
        if not fields.get("refresh_token"):
            raise DouyinError(Code.OAUTH_PARAMETER_MISSING)
        grant = self._grants.get(str(fields["refresh_token"]))
        if grant is None or grant.refresh_ends_at <= self._now():
            raise DouyinError(Code.OAUTH_REFRESH_EXPIRED)
        return grant

    def _granted(self, grant: Grant) -> JsonObject:
        token = self._issue("act.", ACCESS_TOKEN_LASTS, grant)
        return {
            "access_token": token.value,
            "expires_in": self._seconds_to(token.ends_at),
            "refresh_token": grant.refresh_token,
            "refresh_expires_in": self._seconds_to(grant.refresh_ends_at),
            "open_id": grant.open_id,
            "scope": ",".join(grant.scopes),
        }

    def _issue(self, prefix: str, lasts: timedelta, grant: Grant | None = None) -> Token:
        value = f"{prefix}{opaque(self._random_bytes, 60)}"
        token = self._tokens[value] = Token(value, ends_at=self._now() + lasts, grant=grant)
        return token

    def _valid(self, value: str) -> Token:
        token = self._tokens.get(value)
        if token is None or token.revoked:
            raise DouyinError(Code.TOKEN_INVALID)
        if token.ends_at <= self._now():
            raise DouyinError(Code.TOKEN_EXPIRED)
        return token

    def _seconds_to(self, moment: datetime) -> int:
        return int((moment - self._now()).total_seconds())
