"""What a merchant has set up in Douyin's developer console."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DouyinApp:
    """One application and the brand accounts it may act for."""

    client_key: str
    client_secret: str = field(repr=False)
    brands: tuple[str, ...]
    """The brands' open ids. Real ones hold `+`, `/` and `=`, which a query string must escape."""
    webhook_secret: str = field(default="", repr=False)
    """Mini-programs have one of their own; empty means the client secret signs."""
    refresh_renewable: bool = True
    """Whether the app holds the ability to renew its refresh tokens."""

    @property
    def signing_secret(self) -> str:
        return self.webhook_secret or self.client_secret
