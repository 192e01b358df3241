"""The stage labels, reads back, seals and restores."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling import reader
from labelling.content import Draft, MediaRef, MediaType, Origin, Part, Surface
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.identity import DUMMY_CODE
from labelling.output import EventKind, LabelledOutput
from labelling.policy import Waiver
from labelling.wording import INTERFACE_NOTICE, NOTICE, TEXT_NOTICE
from labelling.writers.base import Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS
from labelling.writers.text import TextNoticeWriter
from tests.labelling.making import NOON, draft, labelled, stage

WAIVER = Waiver("w1", "2026-11", identity="c7", recipient="c7", reason="印刷品")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
REF = MediaRef(key="media/1", digest="0" * 64, size=8)
# What a draft may hold: a NUL is no text, and an answer that begins like a PDF is taken for one.
WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda text: not text.startswith("%PDF-")
)
LABELLED_ORIGINS = (Origin.GENERATED, Origin.ASSISTED)


def label(made: Draft, waiver: Waiver | None = None) -> LabelledOutput:
    return stage().label(made, output_id="output-1", surface=Surface.PLATFORM, waiver=waiver)


def texts(output: LabelledOutput) -> list[str]:
    return [part.text for part in output.parts]


def stored(output: LabelledOutput) -> list[Part]:
    """Give the parts as the outbox keeps them."""
    return [Part(part.media_type, part.content) for part in output.parts]


class TestLabel:
    @pytest.mark.parametrize("origin", LABELLED_ORIGINS)
    def test_every_part_of_a_models_draft_ends_with_the_notice(self, origin: Origin) -> None:
        output = label(draft("七天内可退。", "运费由我们承担。", origin=origin))

        assert texts(output) == [
            "七天内可退。（内容由AI生成）",
            "运费由我们承担。（内容由AI生成）",
        ]
        assert {part.origin for part in output.parts} == {origin}

    @given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(LABELLED_ORIGINS))
    def test_whatever_the_words_they_stay_and_the_reader_finds_the_label(
        self, words: list[str], origin: Origin
    ) -> None:
        output = label(draft(*words, origin=origin))

        for text, part in zip(words, output.parts, strict=True):
            assert part.text.startswith(text)
            assert part.text.removeprefix(text) in {"", TEXT_NOTICE}
            assert part.text.endswith(TEXT_NOTICE)
            assert isinstance(part.content, bytes)
            assert reader.read(MediaType.TEXT, part.content).explicit == NOTICE

    @given(WORDS)
    def test_labelling_what_is_labelled_writes_nothing_more(self, text: str) -> None:
        once = texts(label(draft(text)))

        assert texts(label(draft(*once))) == once

    @given(WORDS)
    def test_a_persons_words_leave_as_they_are(self, text: str) -> None:
        output = label(draft(text, origin=Origin.HUMAN))

        assert texts(output) == [text]
        assert output.parts[0].aigc is None

    @given(WORDS, st.sampled_from(LABELLED_ORIGINS))
    def test_a_waiver_takes_the_words_away_but_not_the_implicit_label(
        self, text: str, origin: Origin
    ) -> None:
        output = label(draft(text, origin=origin), WAIVER)

        assert texts(output) == [text]
        assert output.parts[0].aigc == output.record.aigc is not None
        assert "Art. 9" in output.record.rule
        assert output.record.waiver == "w1"

    @given(WORDS)
    def test_a_waiver_that_was_not_needed_is_not_used(self, text: str) -> None:
        assert label(draft(text, origin=Origin.HUMAN), WAIVER).record.waiver == ""

    def test_the_record_tells_what_was_done(self) -> None:
        output = label(draft("七天内可退。"))

        record = output.record
        after = "七天内可退。（内容由AI生成）".encode()
        (part,) = record.parts
        assert record.output_id == "output-1"
        assert record.origin is Origin.GENERATED
        assert record.labelled_at == NOON
        assert record.surface == "platform"
        assert record.rule == "Measures Art. 4, 5; GB 45438-2025 §5, §6"
        assert part.media_type is MediaType.TEXT
        assert part.digest_before == hashlib.sha256("七天内可退。".encode()).hexdigest()
        assert part.digest_after == hashlib.sha256(after).hexdigest()
        assert part.writers == ("text-notice",)

    def test_the_record_of_a_persons_words_says_that_nothing_was_due(self) -> None:
        record = label(draft("我是店员。", origin=Origin.HUMAN)).record

        assert record.aigc is None
        assert record.rule == "Measures Art. 3: not generated"
        assert record.parts[0].writers == ()
        assert record.parts[0].digest_before == record.parts[0].digest_after

    def test_all_parts_of_an_output_share_one_number_and_the_next_output_has_another(self) -> None:
        made = stage()

        first, second = (
            made.label(draft("一", "二"), output_id=name, surface=Surface.OWN) for name in "ab"
        )

        assert [part.aigc for part in first.parts] == [first.record.aigc] * 2
        assert first.record.aigc is not None
        assert second.record.aigc is not None
        assert first.record.aigc.content_producer == DUMMY_CODE
        assert first.record.aigc.produce_id == "content-1"
        assert second.record.aigc.produce_id == "content-2"

    def test_a_draft_without_parts_is_refused(self) -> None:
        with pytest.raises(LabellingError, match="'output-1' has no parts"):
            label(Draft((), Origin.GENERATED))

    @pytest.mark.parametrize("origin", Origin)
    @pytest.mark.parametrize(
        "part",
        [
            Part(MediaType.TEXT, b""),
            Part(MediaType.TEXT, PNG),
            Part(MediaType.TEXT, b"%PDF-1.7"),
            Part(MediaType.TEXT, b"one\0two"),
            Part(MediaType.TEXT, b"\xff\xfe"),
            Part(MediaType.TEXT, REF),
            Part(MediaType.AVI, PNG),
            Part(MediaType.PNG, "七天内可退。".encode()),
            Part(MediaType.MP4, REF),
        ],
    )
    def test_what_cannot_be_labelled_is_refused_whoever_made_it(
        self, part: Part, origin: Origin
    ) -> None:
        with pytest.raises(UnsupportedMediaError):
            label(Draft((part,), origin))

    def test_one_part_that_cannot_be_labelled_keeps_the_others_back(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="'video/x-flv' cannot be labelled"):
            label(Draft((Part.of_text("好的。"), Part(MediaType.FLV, PNG)), Origin.GENERATED))

    @pytest.mark.parametrize("medium", [medium for medium in MediaType if medium not in CHAINS])
    def test_a_medium_without_a_chain_never_passes(self, medium: MediaType) -> None:
        with pytest.raises(UnsupportedMediaError, match="send text instead"):
            label(Draft((Part(medium, b"x"),), Origin.HUMAN))

    def test_no_error_quotes_the_customer_facing_words(self) -> None:
        secret = "我的电话是 13800000000\0"

        with pytest.raises(UnsupportedMediaError) as caught:
            label(draft(secret))

        assert "13800000000" not in str(caught.value)


class Eraser:
    """A later writer that destroys what an earlier one wrote."""

    name = "eraser"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        return content.replace(label.notice.encode(), b"")

    def read(self, content: bytes) -> str | None:
        return None


class SilentWriter:
    """Claims to write a notice, and believes so when it reads."""

    name = "silent"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        return content

    def read(self, content: bytes) -> str | None:
        return NOTICE


class TestReadBack:
    """A label that the reader does not find was not written, whatever the writers say."""

    @pytest.mark.parametrize("writers", [(), (SilentWriter(),), (TextNoticeWriter(), Eraser())])
    def test_a_chain_that_leaves_no_notice_lets_nothing_leave(
        self, writers: tuple[LabelWriter, ...]
    ) -> None:
        made = stage({MediaType.TEXT: writers})

        with pytest.raises(LabelMissingError, match="not found after writing"):
            made.label(draft("好的。"), output_id="output-1", surface=Surface.PLATFORM)

    def test_the_end_of_a_live_answer_is_read_back_as_well(self) -> None:
        made = stage({MediaType.TEXT: (SilentWriter(),)})
        answer = made.label_stream(run_id="run-1", output_id="o", surface=Surface.OWN)
        answer.open()
        answer.sentence("好的。")

        with pytest.raises(LabelMissingError):
            answer.end()

    def test_where_nothing_is_due_nothing_is_looked_for(self) -> None:
        made = stage({MediaType.TEXT: ()})

        output = made.label(
            draft("您好。", origin=Origin.HUMAN), output_id="o", surface=Surface.OWN
        )

        assert texts(output) == ["您好。"]


class TestRestore:
    @given(st.lists(WORDS, min_size=1, max_size=3), st.sampled_from(Origin))
    def test_what_was_stored_becomes_the_same_output(
        self, words: list[str], origin: Origin
    ) -> None:
        output = label(draft(*words, origin=origin))

        assert stage().restore(stored(output), output.record) == output

    @given(st.data())
    def test_a_changed_byte_is_refused(self, data: st.DataObject) -> None:
        output = labelled("七天内可退。", "运费由我们承担。")
        parts = stored(output)
        number = data.draw(st.integers(0, len(parts) - 1))
        content = bytearray(output.parts[number].text.encode())
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        parts[number] = Part(MediaType.TEXT, bytes(content))

        with pytest.raises(LabellingError, match="'output-1' are not those that were labelled"):
            stage().restore(parts, output.record)

    def test_parts_in_another_order_are_refused(self) -> None:
        output = labelled("一", "二")

        with pytest.raises(LabellingError):
            stage().restore(reversed(stored(output)), output.record)

    def test_a_missing_or_an_added_part_is_refused(self) -> None:
        output = labelled("一", "二")
        parts = stored(output)

        for others in ([], parts[:1], [*parts, parts[0]]):
            with pytest.raises(LabellingError):
                stage().restore(others, output.record)

    def test_a_part_under_another_medium_is_refused(self) -> None:
        output = labelled("一")
        parts = [Part(MediaType.PNG, output.parts[0].content)]

        with pytest.raises(LabellingError):
            stage().restore(parts, output.record)

    def test_a_reference_is_compared_by_its_digest(self) -> None:
        output = labelled("一")
        (done,) = output.record.parts
        same = MediaRef(key="media/1", digest=done.digest_after, size=4)

        restored = stage().restore([Part(MediaType.TEXT, same)], output.record)

        assert restored.parts[0].content == same
        with pytest.raises(LabellingError):
            stage().restore([Part(MediaType.TEXT, REF)], output.record)
        with pytest.raises(TypeError, match="has no text"):
            _ = restored.parts[0].text


class TestRestoreEvent:
    @pytest.mark.parametrize("kind", EventKind)
    def test_an_event_comes_back_as_it_left(self, kind: EventKind) -> None:
        aigc = labelled().record.aigc

        event = stage().restore_event(
            run_id="run-1",
            output_id="output-1",
            number=3,
            kind=kind,
            text=INTERFACE_NOTICE,
            aigc=aigc,
            digest="d",
        )

        assert (event.run_id, event.output_id, event.number) == ("run-1", "output-1", 3)
        assert (event.kind, event.text, event.aigc) == (kind, INTERFACE_NOTICE, aigc)
        assert (event.digest, event.record) == ("d", None)

    @pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.MESSAGE])
    def test_an_event_of_a_live_answer_without_its_label_is_refused(self, kind: EventKind) -> None:
        with pytest.raises(LabelMissingError, match="event 2 of run 'run-1'"):
            stage().restore_event(
                run_id="run-1", output_id="o", number=2, kind=kind, text=NOTICE, aigc=None
            )

    @pytest.mark.parametrize("kind", [EventKind.LABEL, EventKind.END, EventKind.INTERRUPTED])
    def test_a_label_event_with_other_words_is_refused(self, kind: EventKind) -> None:
        aigc = labelled().record.aigc

        with pytest.raises(LabelMissingError):
            stage().restore_event(
                run_id="run-1", output_id="o", number=1, kind=kind, text="好的。", aigc=aigc
            )

    def test_a_persons_message_has_no_label_to_lose(self) -> None:
        event = stage().restore_event(
            run_id="m",
            output_id="o",
            number=1,
            kind=EventKind.MESSAGE,
            text="我是店员。",
            aigc=None,
        )

        assert event.text == "我是店员。"


class TestAnnounce:
    def test_a_labelled_part_becomes_one_event_with_its_words_and_label(self) -> None:
        (part,) = labelled("七天内可退。").parts

        event = stage().announce(part, output_id="output-1", key="output-1:0")

        assert (event.run_id, event.number, event.kind) == ("output-1:0", 1, EventKind.MESSAGE)
        assert event.text == "七天内可退。（内容由AI生成）"
        assert event.aigc == part.aigc
        assert event.output_id == "output-1"

    def test_a_person_is_announced_without_a_label(self) -> None:
        (part,) = labelled("我是店员。", origin=Origin.HUMAN).parts

        assert stage().announce(part, output_id="output-1", key="k").aigc is None


def test_a_record_of_another_output_does_not_serve() -> None:
    output, other = labelled("一"), labelled("二")

    with pytest.raises(LabellingError, match="'other'"):
        stage().restore(stored(output), replace(other.record, output_id="other"))
