"""What the people who run an account have set for it, read and checked once."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

import httpx
from pydantic import SecretStr

from channels.base import ChannelAccount
from channels.douyin.events import ENTER_SCENE

API_BASE = "https://open.douyin.com"

# 24 hours and 30 seconds are what implementations report; no official page says either.
MAX_AGE_HOURS = "24"
ENTER_WINDOW_SECONDS = "30"

REQUIRED_SETTINGS = frozenset({"client_key", "brand_open_id"})
REQUIRED_SECRETS = frozenset({"client_secret", "refresh_token"})

_TIME = "a time with its zone, such as 2026-01-31T00:00+08:00"
_UP_TO_999 = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class WebhookSecrets:
    """What the platform signs with: the secret, and during a change the former one as well."""

    current: SecretStr
    former: SecretStr | None = None
    former_until: datetime | None = None

    @classmethod
    def of(cls, account: ChannelAccount) -> Self:
        """Read an account.

        Raises:
            ValueError: The former secret has no end.
        """
        current = SecretStr(account.secret("client_secret"))
        former = account.secret("previous_client_secret")
        if not former:
            return cls(current)
        name = "previous_client_secret_until"
        try:
            until = datetime.fromisoformat(account.setting(name))
        except ValueError as error:
            raise _malformed(account, name, _TIME) from error
        if until.tzinfo is None:
            raise _malformed(account, name, _TIME)
        return cls(current, SecretStr(former), until)

    def valid_at(self, moment: datetime) -> tuple[str, ...]:
        """Give the secrets that count at a moment."""
        secrets = [self.current]
        if self.former and self.former_until and moment < self.former_until:
            secrets.append(self.former)
        return tuple(secret.get_secret_value() for secret in secrets)


@dataclass(frozen=True, slots=True)
class ReplyWindows:
    """How long the platform takes answers, counted from what the customer did."""

    message: timedelta
    entrance: timedelta

    @classmethod
    def of(cls, account: ChannelAccount) -> Self:
        """Read an account.

        Raises:
            ValueError: A window is no number, or none that the platform could mean.
        """
        return cls(
            message=timedelta(hours=_number(account, "max_age_hours", MAX_AGE_HOURS)),
            entrance=timedelta(
                seconds=_number(account, "enter_window_seconds", ENTER_WINDOW_SECONDS)
            ),
        )

    def end(self, scene: str, sent_at: datetime) -> datetime:
        """Say until when something may be answered."""
        return sent_at + (self.entrance if scene == ENTER_SCENE else self.message)


@dataclass(frozen=True, slots=True)
class OpenPlatformSettings:
    """One brand account's open-platform front."""

    account: str
    """Our id of the account."""
    client_key: str
    brand_open_id: str
    api_base: str
    windows: ReplyWindows
    webhook_secrets: WebhookSecrets
    refresh_token: SecretStr

    @classmethod
    def of(cls, account: ChannelAccount) -> Self:
        """Read an account.

        Raises:
            ValueError: A setting or secret is missing or malformed; the message names it.
        """
        missing = [name for name in sorted(REQUIRED_SETTINGS) if not account.setting(name)]
        missing += [name for name in sorted(REQUIRED_SECRETS) if not account.secret(name)]
        if missing:
            msg = f"douyin account {account.id!r} needs {', '.join(missing)}"
            raise ValueError(msg)
        return cls(
            account=account.id,
            client_key=account.setting("client_key"),
            brand_open_id=account.setting("brand_open_id"),
            api_base=_address(account, "api_base", API_BASE),
            windows=ReplyWindows.of(account),
            webhook_secrets=WebhookSecrets.of(account),
            refresh_token=SecretStr(account.secret("refresh_token")),
        )


def _number(account: ChannelAccount, name: str, default: str) -> int:
    value = account.setting(name, default)
    if not _UP_TO_999.fullmatch(value):
        raise _malformed(account, name, "a number from 1 to 999")
    return int(value)


def _address(account: ChannelAccount, name: str, default: str) -> str:
    value = account.setting(name, default)
    expected = f"an address such as {default}"
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL as error:
        raise _malformed(account, name, expected) from error
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        raise _malformed(account, name, expected)
    return value.rstrip("/")


def _malformed(account: ChannelAccount, name: str, expected: str) -> ValueError:
    return ValueError(f"douyin account {account.id!r}: {name!r} must be {expected}")
