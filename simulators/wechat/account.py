"""What a merchant has set up in WeChat's console for one mini-program."""

from dataclasses import dataclass, field
from enum import StrEnum


class PushMode(StrEnum):
    """How pushes are protected."""

    PLAIN = "plain"
    COMPAT = "compat"
    SAFE = "safe"


class PushFormat(StrEnum):
    """How pushes are written."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class WechatAccount:
    """One mini-program and its message push configuration."""

    appid: str
    secret: str = field(repr=False)
    original_id: str
    """The `gh_…` id that pushes are addressed to."""
    token: str = field(repr=False)
    encoding_aes_key: str = field(repr=False)
    mode: PushMode = PushMode.SAFE
    format: PushFormat = PushFormat.JSON
