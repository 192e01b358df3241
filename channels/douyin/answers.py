"""What the platform's answers mean: both of its shells, and its error codes as a table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import httpx

from channels.douyin.payloads import JsonObject, decoded, object_of
from channels.errors import (
    DeliveryError,
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
    PayloadInvalidError,
)

_CODE = re.compile(r"-?[0-9]{1,20}")
_VISIBLE = re.compile(r"[!-~]{1,256}")

RATE_LIMIT_PAUSE = 10.0
"""Seconds; the platform names no number."""


class Remedy(StrEnum):
    """What is to be done about an error."""

    RENEW = "renew"
    """Take a fresh token and ask once more."""
    WAIT = "wait"
    """Nothing was taken; ask again later."""
    LOOK = "look"
    """It may have been taken: find out by the echo before anything is sent again."""
    STOP = "stop"
    """It will not be taken."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says, and what is to be done."""

    remedy: Remedy
    words: str


_TOKEN_INVALID = Meaning(Remedy.RENEW, "the token is invalid: authorise the account again")
_TOKEN_EXPIRED = Meaning(Remedy.RENEW, "the token has expired: authorise the account again")
_WRONG_ACCOUNT = Meaning(Remedy.STOP, "the token is another account's than brand_open_id")
_NOT_ALLOWED = Meaning(Remedy.STOP, "the app may not send direct messages for this account")
_BUSY = Meaning(Remedy.LOOK, "the platform is busy")
_BAD_PARAMETER = Meaning(Remedy.STOP, "a parameter is wrong")
_BARRED = Meaning(Remedy.STOP, "the app or the person is banned, gone, private or at risk")
_QUOTA = Meaning(Remedy.STOP, "the quota is used up")
_WINDOW = Meaning(Remedy.STOP, "the customer's last message is too old to be answered")
_BANNED = Meaning(Remedy.STOP, "the account or the customer is banned from messages")
_UNKNOWN = Meaning(Remedy.STOP, "the code is not known: look it up before sending again")

MEANINGS: Mapping[str, Meaning] = {
    "28001003": _TOKEN_INVALID,
    "2190002": _TOKEN_INVALID,
    "28001008": _TOKEN_EXPIRED,
    "2190008": _TOKEN_EXPIRED,
    "28001015": _WRONG_ACCOUNT,
    "2190015": _WRONG_ACCOUNT,
    "28001012": _NOT_ALLOWED,
    "28001014": _NOT_ALLOWED,
    "28001018": _NOT_ALLOWED,
    "28001019": _NOT_ALLOWED,
    "2100007": _NOT_ALLOWED,
    "2190004": _NOT_ALLOWED,
    "28001005": _BUSY,
    "28001006": _BUSY,
    "2100004": _BUSY,
    "28001007": _BAD_PARAMETER,
    "2100005": _BAD_PARAMETER,
    "28003082": Meaning(Remedy.STOP, "the customer is not the conversation's"),
    "28001016": _BARRED,
    "28001045": _BARRED,
    "28001046": _BARRED,
    "28001047": _BARRED,
    "28001052": _BARRED,
    "28001056": _BARRED,
    "28003017": _QUOTA,
    "2190001": _QUOTA,
    "28003018": Meaning(Remedy.WAIT, "too many calls"),
    "28003070": Meaning(Remedy.STOP, "no more answers until the customer speaks again"),
    "28003080": _WINDOW,
    "28003081": _WINDOW,
    "28003095": Meaning(Remedy.STOP, "the console answers by itself: switch that off, or this"),
    "28001038": Meaning(Remedy.STOP, "the content was found invalid"),
    "28029004": _BANNED,
    "28003101": _BANNED,
    "10002": _BAD_PARAMETER,
    "10003": Meaning(Remedy.STOP, "client_key is wrong"),
    "10010": Meaning(Remedy.STOP, "refresh_token has expired: authorise the account again"),
    "10013": Meaning(Remedy.STOP, "the app's secret is wrong"),
}
"""Codes of https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/openapi/status-code."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the platform, whatever the HTTP status said."""

    call: str
    status: int
    shell: bool
    """Whether it spoke in the platform's own words at all."""
    code: str
    """The first error code that is not zero; empty where there is none."""
    log_id: str
    """What the platform's support asks for."""
    message_id: str | None
    data: JsonObject

    @classmethod
    def read(cls, call: str, response: httpx.Response) -> Self:
        """Read an answer; one that cannot be read has no shell."""
        try:
            body = decoded(response.content.decode(errors="replace"))
            data, extra = object_of(body.get("data")), object_of(body.get("extra"))
        except PayloadInvalidError:
            body, data, extra = {}, {}, {}
        codes = [
            _code(code)
            for code in (data.get("error_code"), extra.get("error_code"), body.get("err_no"))
            if code is not None
        ]
        return cls(
            call=call,
            status=response.status_code,
            shell=bool(codes),
            code=next((code for code in codes if code != "0"), ""),
            log_id=_word(extra.get("logid") or body.get("log_id")),
            message_id=_word(body.get("msg_id") or data.get("msg_id")) or None,
            data=data,
        )

    @property
    def taken(self) -> bool:
        """Whether the platform did what it was asked."""
        return self.shell and not self.code and httpx.codes.is_success(self.status)

    @property
    def remedy(self) -> Remedy:
        """What is to be done about an answer that was not taken."""
        if self.code:
            return MEANINGS.get(self.code, _UNKNOWN).remedy
        if self.status == httpx.codes.TOO_MANY_REQUESTS:
            return Remedy.WAIT
        return Remedy.STOP if httpx.codes.is_client_error(self.status) else Remedy.LOOK

    def error(self) -> DeliveryError:
        """Say an answer that was not taken as one of our errors."""
        if self.remedy is Remedy.WAIT:
            return DeliveryRetryableError(self._words(), retry_after=RATE_LIMIT_PAUSE)
        if self.remedy is Remedy.LOOK:
            return DeliveryUnknownError(self._words())
        return DeliveryRefusedError(self._words(), code=self.code or f"http-{self.status}")

    def _words(self) -> str:
        if not self.code:
            return f"douyin answered {self.call!r} with HTTP {self.status} and no code"
        words = MEANINGS.get(self.code, _UNKNOWN).words
        return f"douyin refused {self.call!r} with {self.code!r}: {words} (log id {self.log_id!r})"


def _code(value: object) -> str:
    # Codes come as numbers and as strings; what is neither must not pass for a zero.
    return _word(value) if _CODE.fullmatch(_word(value)) else "unreadable"


def _word(value: object) -> str:
    word = str(value) if isinstance(value, int | str) else ""
    return word if _VISIBLE.fullmatch(word) else ""
