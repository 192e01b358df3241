"""Labelled events as AG-UI: the label first, the order allowed, the wire readable."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest
from ag_ui.core import BaseEvent, Event, EventType
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from channels.base import Citation
from channels.messages import ConversationState
from channels.webchat import agui
from labelling.content import Surface
from labelling.output import EventKind, LabelledEvent
from tests.channels.webchat.kit import stage

CITATION = Citation(number=1, title="退换货", heading="七天", text="可以退。", source="退换货.md")
READABLE = st.characters(codec="utf-8", exclude_categories=["C"])
LABEL = {
    "Label": "1",
    "ContentProducer": "001191000000000000000K10001",
    "ProduceID": "content-1",
    "ReservedCode1": "",
    "ContentPropagator": "001191000000000000000K10001",
    "PropagateID": "content-1",
    "ReservedCode2": "",
}


def answer(*sentences: str, kind: EventKind = EventKind.END) -> list[LabelledEvent]:
    stream = stage().label_stream(run_id="run-1", output_id="output-1", surface=Surface.OWN)
    said = [stream.open(), *map(stream.sentence, sentences)]
    return [*said, stream.end(kind)[0]]


def whole(text: str, *, by_staff: bool) -> LabelledEvent:
    return stage().restore_event(
        run_id="run-2",
        output_id="output-2",
        number=1,
        kind=EventKind.MESSAGE,
        text=text,
        aigc=None if by_staff else answer("x")[0].aigc,
    )


def encoded(events: Sequence[LabelledEvent]) -> list[dict[str, Any]]:
    return [
        each.model_dump(mode="json", by_alias=True)
        for event in events
        for each in agui.encode(event, thread="thread-1", citations=[CITATION])
    ]


def types(events: Sequence[LabelledEvent]) -> list[str]:
    return [
        f"{each['type']} {each['name']}" if each["type"] == "CUSTOM" else each["type"]
        for each in encoded(events)
    ]


class TestEncoding:
    def test_an_answer_is_a_run_with_its_label_before_its_words(self) -> None:
        assert types(answer("可以退。", "七天之内。")) == [
            "RUN_STARTED",
            "CUSTOM aigc",
            "TEXT_MESSAGE_START",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_END",
            "CUSTOM citations",
            "RUN_FINISHED",
        ]

    def test_the_run_carries_the_label_at_both_ends_and_the_digest_at_the_last(self) -> None:
        *_, last = events = answer("可以退。")

        first, *_, finished = encoded(events)

        assert first["aigc"] == finished["aigc"] == LABEL
        assert (first["threadId"], first["runId"]) == ("thread-1", "run-1")
        assert finished["digest"] == last.digest != ""

    def test_the_label_event_holds_seven_values_and_the_notice(self) -> None:
        label = encoded(answer("可以退。"))[1]

        assert label["value"] == {**LABEL, "notice": "内容由AI生成，仅供参考"}

    def test_the_words_end_with_the_explicit_label(self) -> None:
        deltas = [each["delta"] for each in encoded(answer("可以退。")) if "delta" in each]

        assert deltas == ["可以退。", "（内容由AI生成）"]

    def test_the_citations_come_when_the_words_are_complete(self) -> None:
        *_, citations, _ = encoded(answer("可以退[1]。"))

        assert citations["value"] == [asdict(CITATION)]

    def test_an_answer_that_broke_off_says_so_and_ends_labelled(self) -> None:
        interrupted = answer("可以退。", kind=EventKind.INTERRUPTED)

        assert types(interrupted)[4:] == [
            "TEXT_MESSAGE_CONTENT",
            "TEXT_MESSAGE_END",
            "CUSTOM interrupted",
            "RUN_FINISHED",
        ]
        finished = encoded(interrupted)[-1]
        assert finished["outcome"] == {"type": "cancelled"}
        assert finished["aigc"] == LABEL

    def test_a_persons_message_has_a_name_and_no_label(self) -> None:
        events = encoded([whole("您好。", by_staff=True)])

        assert "aigc" not in json.dumps(events)
        assert events[1] == {
            "type": "TEXT_MESSAGE_START",
            "messageId": "output-2",
            "role": "assistant",
            "name": "staff",
        }

    def test_a_whole_generated_message_has_its_label_before_its_words(self) -> None:
        message = whole("可以退。（内容由AI生成）", by_staff=False)

        started, label, opened, said, *_ = encoded([message])

        assert started["aigc"] == LABEL
        assert label["value"]["notice"] == "内容由AI生成，仅供参考"
        assert "name" not in opened
        assert said["delta"] == "可以退。（内容由AI生成）"

    def test_a_message_without_citations_says_nothing_of_them(self) -> None:
        events = agui.encode(whole("您好。", by_staff=True), thread="thread-1")

        assert EventType.CUSTOM not in [event.type for event in events]

    def test_the_state_is_told_by_its_name(self) -> None:
        (event,) = agui.encode_state(ConversationState.HUMAN)

        assert event.model_dump()["value"] == {"state": "human"}

    @given(st.lists(st.text(READABLE, min_size=1), min_size=1))
    def test_every_event_is_one_of_the_protocols(self, sentences: list[str]) -> None:
        protocol: TypeAdapter[BaseEvent] = TypeAdapter(Event)

        for event in encoded(answer(*sentences)):
            assert protocol.validate_python(event).type == event["type"]


class TestWire:
    def test_only_the_last_frame_of_a_group_has_the_id(self) -> None:
        frames = agui.sse(self._group(), 7).decode().split("\n\n")

        assert [frame.partition("data: ")[0] for frame in frames] == ["", "", "id: 7\n", ""]

    def test_only_the_last_line_of_a_group_has_the_sequence(self) -> None:
        rows = [json.loads(row) for row in agui.lines(self._group(), 7).splitlines()]

        assert [row.get("sequence") for row in rows] == [None, None, 7]

    @given(st.text(READABLE, min_size=1))
    def test_any_words_arrive_as_they_left_in_one_frame_and_in_one_ascii_line(
        self, words: str
    ) -> None:
        group = agui.encode(answer(words)[1], thread="thread-1")

        frame = agui.sse(group, 1)
        line = agui.lines(group, 1)

        assert frame.count(b"\n") == 3
        assert json.loads(frame.decode().partition("data: ")[2])["delta"] == words
        assert line.isascii()
        assert line.count(b"\n") == 1
        assert json.loads(line)["delta"] == words

    @pytest.mark.parametrize("heartbeat", [agui.SSE_HEARTBEAT, agui.LINES_HEARTBEAT])
    def test_a_heartbeat_says_nothing(self, heartbeat: bytes) -> None:
        assert b"data" not in heartbeat
        assert heartbeat.endswith(b"\n")

    def _group(self) -> list[BaseEvent]:
        return agui.encode(answer("可以退。")[0], thread="thread-1")
