"""What WeChat's error codes mean for a delivery: one table.

https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from channels.errors import DeliveryError, DeliveryRefusedError, DeliveryRetryableError

TOKEN_REFUSED = frozenset({40001, 40014, 42001})
"""The token is wrong or over, so a new one may help."""

MINUTE = 60.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a code means, and whether asking again can help."""

    meaning: str
    retry_after: float | None = None
    """Seconds; None where it is refused for good."""


VERDICTS: Mapping[int, Verdict] = {
    -1: Verdict("WeChat is busy", 2.0),
    40001: Verdict("the access token or the app secret is wrong", MINUTE),
    40014: Verdict("the access token is malformed", MINUTE),
    42001: Verdict("the access token is over", MINUTE),
    45009: Verdict("the day's calls are used up", HOUR),
    45011: Verdict("too many calls in this minute", MINUTE),
    40002: Verdict("the grant type is wrong"),
    40003: Verdict("the openid is not one of this account's customers"),
    40007: Verdict("the media id is not valid"),
    40013: Verdict("the appid is wrong"),
    40125: Verdict("the app secret is wrong"),
    40164: Verdict("our address is not on the IP whitelist (IP白名单)"),
    41002: Verdict("the appid is missing"),
    41004: Verdict("the app secret is missing"),
    43002: Verdict("the call must be a POST"),
    45002: Verdict("the text is too long"),
    45008: Verdict("there is more than one article"),
    45015: Verdict("48 hours have passed since the customer's last message"),
    45047: Verdict("the messages that one action of the customer allows are used up"),
    45098: Verdict("the menu's size is wrong"),
    47001: Verdict("the call's JSON is malformed"),
    48001: Verdict("the account has no right to this call"),
    48002: Verdict("the customer does not take messages"),
    48004: Verdict("the platform has banned this call"),
    50002: Verdict("the customer's account is limited"),
    70000: Verdict("the protection of minors does not allow it"),
}

_UNKNOWN = Verdict("a code we do not know")

# Nothing else of the platform's words is passed on: what they repeat of ours is not documented.
_WORTH_KEEPING = re.compile(r"\binvalid ip [0-9A-Fa-f.:]+|\brid: ?[0-9A-Za-z-]+")


def failure(code: int, errmsg: str) -> DeliveryError:
    """Give the error for a code other than 0.

    Its message has the platform's request id (rid), which their support asks for.
    """
    verdict = VERDICTS.get(code, _UNKNOWN)
    details = "".join(f", {found}" for found in _WORTH_KEEPING.findall(errmsg))
    msg = f"WeChat answered {code}: {verdict.meaning}{details}"
    if verdict.retry_after is None:
        return DeliveryRefusedError(msg, code=str(code))
    return DeliveryRetryableError(msg, retry_after=verdict.retry_after)
