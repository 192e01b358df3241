"""What the people who run an account have set for it, read and checked once."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import httpx
from pydantic import SecretStr

from channels.base import ChannelAccount
from channels.wechat.crypto import MessageCipher
from channels.wechat.wire import PushFormat

API_BASE = "https://api.weixin.qq.com"
# The platform's page asks for no bound; 300 s is ours (0 switches it off).
MAX_SKEW_SECONDS = "300"

_TOKEN, _TOKEN_SHAPE = "[0-9A-Za-z]{3,32}", "3 to 32 letters and digits"
_AES_KEY, _AES_KEY_SHAPE = "[0-9A-Za-z]{43}", "43 letters and digits"


class PushMode(StrEnum):
    """How the account's pushes are protected (消息加密方式)."""

    PLAIN = "plain"
    COMPAT = "compat"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class PushKeys:
    """A Token (令牌) and the cipher of an EncodingAESKey (消息加密密钥), in force together."""

    token: SecretStr
    cipher: MessageCipher


@dataclass(frozen=True, slots=True)
class MiniProgramSettings:
    """One mini-program's customer-service front."""

    appid: str
    original_id: str
    """The `gh_…` id pushes are addressed to; empty where it is not to be checked."""
    mode: PushMode
    format: PushFormat
    api_base: str
    max_skew_seconds: int
    """How old or early a push may be; 0 where it does not matter."""
    transfer_to_staff: bool
    """Whether a person means the platform's own staff tool, and not our console."""
    app_secret: SecretStr
    keys: tuple[PushKeys, ...]
    """The present pair; then the former one, while a change has not reached all of the platform."""

    @classmethod
    def of(cls, account: ChannelAccount) -> Self:
        """Read an account.

        Raises:
            ValueError: A setting or secret is missing or malformed; the message names it.
        """
        appid = _setting(account, "appid", r"wx[0-9a-z]{16}", "wx and 16 characters")
        return cls(
            appid=appid,
            original_id=_setting(
                account, "original_id", r"(gh_[0-9a-z]{12})?", "gh_ and 12 characters"
            ),
            mode=PushMode(_setting(account, "mode", "plain|compat|safe", default="safe")),
            format=PushFormat(_setting(account, "format", "json|xml", default="json")),
            api_base=_address(account),
            max_skew_seconds=int(
                _setting(
                    account, "max_skew_seconds", "[0-9]{1,6}", "seconds", default=MAX_SKEW_SECONDS
                )
            ),
            transfer_to_staff=_setting(account, "transfer_to_staff", "true|false", default="false")
            == "true",
            app_secret=SecretStr(_secret(account, "app_secret", r"[\x21-\x7e]+", "set")),
            keys=_keys(account, appid),
        )


def _keys(account: ChannelAccount, appid: str) -> tuple[PushKeys, ...]:
    token = _secret(account, "token", _TOKEN, _TOKEN_SHAPE)
    key = _secret(account, "encoding_aes_key", _AES_KEY, _AES_KEY_SHAPE)
    former_token = _secret(account, "previous_token", f"({_TOKEN})?", _TOKEN_SHAPE) or token
    former_key = (
        _secret(account, "previous_encoding_aes_key", f"({_AES_KEY})?", _AES_KEY_SHAPE) or key
    )
    # Either may have been changed alone; where neither was, both pairs are the same one.
    pairs = dict.fromkeys([(token, key), (former_token, former_key)])
    return tuple(PushKeys(SecretStr(one), MessageCipher(other, appid)) for one, other in pairs)


def _setting(
    account: ChannelAccount, name: str, pattern: str, shape: str = "", *, default: str = ""
) -> str:
    value = account.setting(name, default)
    if re.fullmatch(pattern, value) is None:
        msg = f"account {account.id!r}: setting {name!r} must be {shape or pattern}, not {value!r}"
        raise ValueError(msg)
    return value


def _secret(account: ChannelAccount, name: str, pattern: str, shape: str) -> str:
    value = account.secret(name)
    if re.fullmatch(pattern, value) is None:
        msg = f"account {account.id!r}: secret {name!r} must be {shape}"
        raise ValueError(msg)
    return value


def _address(account: ChannelAccount) -> str:
    value = account.setting("api_base", API_BASE)
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in {"http", "https"} or not url.host or url.query or url.fragment:
        msg = f"account {account.id!r}: setting 'api_base' must be an address, not {value!r}"
        raise ValueError(msg)
    return value.rstrip("/")
