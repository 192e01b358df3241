"""Customers of a mini-program: what they see, what may still be sent to them, who serves them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from simulators.wechat.errors import Errcode, WechatError
from simulators.wire import JsonObject

AI_NOTE = "内容由第三方AI生成"
STAFF_HOLDS_FOR = timedelta(minutes=30)
TYPING_LASTS = timedelta(seconds=15)
TYPING_CONTACT = timedelta(seconds=30)


class Trigger(StrEnum):
    """What a customer does that lets messages be sent."""

    MESSAGE = "message"
    ENTER_SESSION = "enter_session"
    MENU_CLICK = "menu_click"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many messages a trigger is worth, and for how long."""

    messages: int
    window: timedelta


ALLOWANCES: Mapping[Trigger, Allowance] = {
    Trigger.MESSAGE: Allowance(5, timedelta(hours=48)),
    # From the minigame page; the mini-program page is silent.
    Trigger.ENTER_SESSION: Allowance(2, timedelta(minutes=1)),
    Trigger.MENU_CLICK: Allowance(3, timedelta(minutes=1)),
}


@dataclass(slots=True)
class Budget:
    """What is left of an allowance."""

    remaining: int
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the customer sees it."""

    kind: str
    text: str
    at: datetime
    note: str = ""
    """The grey line under it, set by the platform."""
    media_id: str = ""

    def as_json(self) -> JsonObject:
        return {
            "kind": self.kind,
            "text": self.text,
            "at": self.at.isoformat(),
            "note": self.note,
            "media_id": self.media_id,
        }


@dataclass(slots=True)
class Customer:
    """One person on one mini-program."""

    openid: str
    session_key: str = field(repr=False)
    unionid: str = ""
    blocked: bool = False
    """Whether the platform holds the person for a risk and lets no login through."""
    budgets: dict[Trigger, Budget] = field(default_factory=dict)
    inbox: list[Bubble] = field(default_factory=list)
    waits_for_staff: bool = False
    staff_since: datetime | None = None
    contact_at: datetime | None = None
    typing_until: datetime | None = None

    def act(self, trigger: Trigger, allowances: Mapping[Trigger, Allowance], now: datetime) -> None:
        """Take the customer's own action: its budget is full again, never fuller."""
        allowance = allowances[trigger]
        self.budgets[trigger] = Budget(allowance.messages, ends_at=now + allowance.window)
        self.contact_at = now

    def spend(self, now: datetime) -> None:
        """Take one message off the budget that ends first.

        Raises:
            WechatError: No window is open, or those that are have nothing left.
        """
        standing = [budget for budget in self.budgets.values() if now < budget.ends_at]
        if not standing:
            raise WechatError(Errcode.WINDOW_CLOSED)
        usable = [budget for budget in standing if budget.remaining]
        if not usable:
            raise WechatError(Errcode.COUNT_USED_UP)
        min(usable, key=lambda budget: budget.ends_at).remaining -= 1

    def type_in(self, command: str, now: datetime) -> None:
        """Show or end the typing sign; it eats no budget.

        Raises:
            WechatError: The command is unknown, the customer is away, or the sign stands already.
        """
        if command not in {"Typing", "CancelTyping"}:
            raise WechatError(Errcode.TYPING_COMMAND)
        if self.contact_at is None or now - self.contact_at > TYPING_CONTACT:
            raise WechatError(Errcode.TYPING_NO_CONTACT)
        if command == "CancelTyping":
            self.typing_until = None
            return
        if self.typing_until is not None and now < self.typing_until:
            raise WechatError(Errcode.TYPING_ALREADY)
        self.typing_until = now + TYPING_LASTS

    def held_by_staff(self, now: datetime) -> bool:
        """Whether messages go to staff and not to the callback."""
        return self.staff_since is not None and now - self.staff_since < STAFF_HOLDS_FOR

    def remaining(self, now: datetime) -> int:
        """How many messages may be sent right now."""
        return sum(one.remaining for one in self.budgets.values() if now < one.ends_at)

    def as_json(self, now: datetime) -> JsonObject:
        return {
            "remaining": self.remaining(now),
            "typing": self.typing_until is not None and now < self.typing_until,
            "waits_for_staff": self.waits_for_staff,
            "held_by_staff": self.held_by_staff(now),
            "budgets": {
                str(trigger): {"remaining": one.remaining, "ends_at": one.ends_at.isoformat()}
                for trigger, one in self.budgets.items()
            },
        }
