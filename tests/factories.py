"""One builder per domain type, all fields defaulted."""

import itertools
from datetime import UTC, datetime, timedelta

from agents.turn import Reply
from channels.messages import InboundMessage
from labelling.content import Draft
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.stage import LabellingStage
from runtime.ids import new_content_id

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, start: datetime = NOON) -> None:
        self.time = start

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def inbound_message(
    text: str = "保湿面霜多少钱？",
    *,
    customer: str = "alice",
    external_id: str = "",
    sent_at: datetime = NOON,
) -> InboundMessage:
    return InboundMessage(
        external_id=external_id or f"message-{next(_numbers)}",
        customer=customer,
        sent_at=sent_at,
        text=text,
    )


def labelling_stage(now: Clock | None = None) -> LabellingStage:
    return LabellingStage(
        ProducerCode.parse(DUMMY_CODE), now=now or Clock(), new_content_id=new_content_id
    )


def reply(*texts: str) -> Reply:
    return Reply(draft=Draft.generated(*(texts or ("七天内可退。",))), intent="question")
