"""Locks two and three: what may leave is made by the stage alone, and cannot be made over."""

import copy
import dataclasses
import pickle  # noqa: TID251 -- to prove that nothing sealed can be pickled
from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar, Self

import pytest
from typing_extensions import override

from channels.base import (
    Capabilities,
    Channel,
    ChannelAccount,
    ChannelTools,
    Citation,
    HttpReply,
    VerifiedBody,
    WebhookRequest,
)
from channels.messages import ConversationState, Inbound, Recipient
from labelling import _seal
from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.output import LabelledEvent, LabelledOutput, LabelledPart
from tests.labelling.making import draft, labelled, stream

Sealed = LabelledOutput | LabelledPart | LabelledEvent
ALICE = Recipient("alice")


def sealed() -> list[Sealed]:
    output = labelled("七天内可退。")
    return [output, output.parts[0], stream().open()]


def fields_of(value: Sealed) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


@pytest.mark.parametrize("value", sealed(), ids=lambda value: type(value).__name__)
class TestSealed:
    def test_it_cannot_be_made_without_a_seal(self, value: Sealed) -> None:
        with pytest.raises(TypeError, match="seal"):
            type(value)(**fields_of(value))

    @pytest.mark.parametrize("seal", [None, True, "seal", object(), _seal.Seal()])
    def test_it_cannot_be_made_with_another_seal(self, value: Sealed, seal: Any) -> None:
        with pytest.raises(TypeError, match="made by the labelling stage alone"):
            type(value)(**fields_of(value), seal=seal)

    def test_the_seal_cannot_be_read_off_it(self, value: Sealed) -> None:
        assert not hasattr(value, "seal")
        assert not hasattr(value, "__dict__")
        assert "eal(" not in repr(value)

    def test_it_cannot_be_made_over(self, value: Any) -> None:
        with pytest.raises((TypeError, ValueError), match="seal"):
            dataclasses.replace(value)
        with pytest.raises(TypeError, match="made by the labelling stage alone"):
            dataclasses.replace(value, seal=None)

    @pytest.mark.parametrize(
        "copied",
        [
            copy.copy,
            copy.deepcopy,
            lambda value: copy.deepcopy([value]),
            pickle.dumps,
            lambda value: value.__reduce_ex__(4),
            lambda value: value.__reduce_ex__(0),
        ],
    )
    def test_it_cannot_be_copied(self, value: Sealed, copied: Callable[[Sealed], object]) -> None:
        with pytest.raises(TypeError, match="cannot be copied"):
            copied(value)

    def test_none_of_its_fields_can_be_set(self, value: Sealed) -> None:
        for name in fields_of(value):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(value, name, None)

    def test_nothing_can_be_added_to_it(self, value: Sealed) -> None:
        with pytest.raises((TypeError, AttributeError)):
            value.note = "x"  # type: ignore[union-attr]


def test_the_seal_itself_cannot_be_copied_or_stored() -> None:
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="a seal cannot be copied"):
            copied(_seal.SEAL)


class RecordingChannel(Channel):
    """Keeps what would have left."""

    name: ClassVar[str] = "recording"
    capabilities: ClassVar[Capabilities] = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=2048,
        max_parts=5,
        surface=Surface.OWN,
        streams=True,
    )
    settings: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.left: list[tuple[str, str]] = []

    @classmethod
    @override
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        return cls()

    @override
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        return HttpReply(200)

    @override
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        return VerifiedBody(request.body)

    @override
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        return ()

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        self.left.append((key, part.text))
        return None

    @override
    async def _push(
        self, event: LabelledEvent, to: Recipient, citations: tuple[Citation, ...] | Any
    ) -> None:
        self.left.append((event.run_id, event.text))


async def drained(receipts: AsyncIterator[object]) -> list[object]:
    return [receipt async for receipt in receipts]


# What the stage did not make, each hidden from the type checker as `Any`.
UNLABELLED: list[Any] = [
    draft("七天内可退。"),
    draft("我是店员。", origin=Origin.HUMAN),
    Part.of_text("七天内可退。"),
    "七天内可退。",
    None,
    type("Lookalike", (), {"parts": (Part.of_text("七天内可退。"),), "text": "七天内可退。"})(),
]


@pytest.mark.parametrize("given", UNLABELLED, ids=lambda given: type(given).__name__)
class TestChannel:
    async def test_nothing_of_what_is_not_labelled_is_sent(self, given: Any) -> None:
        channel = RecordingChannel()

        with pytest.raises(TypeError, match="a LabelledOutput may leave"):
            await drained(channel.send(given, to=ALICE, key="output-1"))

        assert channel.left == []

    async def test_nothing_of_what_is_not_labelled_is_pushed(self, given: Any) -> None:
        channel = RecordingChannel()

        with pytest.raises(TypeError, match="a LabelledEvent may leave"):
            await channel.push(given, to=ALICE)

        assert channel.left == []


async def test_a_subclass_that_skips_the_seal_is_refused_as_well() -> None:
    def unchecked(self: Any, seal: object) -> None:
        """Do what the parent forbids."""

    forged: Any = type("Forged", (LabelledOutput,), {"__post_init__": unchecked})
    output = forged(parts=(Part.of_text("七天内可退。"),), record=labelled().record, seal=None)
    channel = RecordingChannel()

    with pytest.raises(TypeError, match="a Forged may not"):
        await drained(channel.send(output, to=ALICE, key="output-1"))

    assert channel.left == []


async def test_an_event_is_not_sent_as_an_output_nor_an_output_pushed() -> None:
    channel = RecordingChannel()
    event: Any = stream().open()
    output: Any = labelled()

    with pytest.raises(TypeError, match="a LabelledEvent may not"):
        await drained(channel.send(event, to=ALICE, key="output-1"))
    with pytest.raises(TypeError, match="a LabelledOutput may not"):
        await channel.push(output, to=ALICE)

    assert channel.left == []


async def test_what_the_stage_made_leaves() -> None:
    channel = RecordingChannel()

    await drained(channel.send(labelled("一", "二"), to=ALICE, key="output-1", start=1))
    await channel.push(stream().open(), to=ALICE)

    assert channel.left == [
        ("output-1:1", "二（内容由AI生成）"),
        ("run-1", "内容由AI生成，仅供参考"),
    ]


def test_a_draft_is_no_output() -> None:
    assert not issubclass(Draft, LabelledOutput)
    assert not issubclass(Part, LabelledPart)
