"""A live answer is labelled from its first event."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.content import Origin, Surface
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.identity import DUMMY_CODE
from labelling.output import EventKind, LabelledEvent
from labelling.stage import EventStream
from labelling.wording import INTERFACE_NOTICE, TEXT_NOTICE
from tests.labelling.making import NOON, stage, stream

WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_characters="\0%"), min_size=1, max_size=20
)


def resumed(*shown: str, label: LabelledEvent) -> EventStream:
    """Open a run again after a crash, in another process."""
    return stage().label_stream(
        run_id=label.run_id,
        output_id=label.output_id,
        surface=Surface.OWN,
        shown=shown,
        aigc=label.aigc,
    )


def test_the_label_is_the_first_event() -> None:
    event = stream().open()

    assert (event.number, event.kind, event.text) == (1, EventKind.LABEL, INTERFACE_NOTICE)
    assert (event.run_id, event.output_id) == ("run-1", "output-1")
    assert event.aigc is not None
    assert event.aigc.content_producer == DUMMY_CODE


def test_no_word_goes_before_the_label() -> None:
    with pytest.raises(LabellingError, match="a sentence needs words, and the label before it"):
        stream().sentence("七天内可退。")


@given(st.lists(WORDS, min_size=1, max_size=5), st.sampled_from(["END", "INTERRUPTED"]))
def test_events_are_numbered_and_each_carries_the_label(words: list[str], name: str) -> None:
    answer = stream()

    events = [answer.open(), *(answer.sentence(text) for text in words)]
    last, output = answer.end(EventKind[name])
    events.append(last)

    assert [event.number for event in events] == list(range(1, len(words) + 3))
    assert {event.aigc for event in events} == {output.record.aigc}
    assert [event.text for event in events[1:-1]] == words
    assert (last.kind, last.text) == (EventKind[name], TEXT_NOTICE)
    assert last.record == output.record


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_the_whole_is_an_output_labelled_like_any_other(words: list[str]) -> None:
    answer = stream()
    answer.open()
    for text in words:
        answer.sentence(text)

    last, output = answer.end()

    (part,) = output.parts
    said = "".join(words)
    assert answer.text == said
    assert part.text in {said, said + TEXT_NOTICE}
    assert part.text.endswith(TEXT_NOTICE)
    assert last.digest == hashlib.sha256(part.text.encode()).hexdigest()
    assert output.record.origin is Origin.GENERATED
    assert output.record.labelled_at == NOON
    assert output.record.parts[0].writers == ("text-notice",)


@given(st.lists(WORDS, min_size=1, max_size=5), st.integers(0, 5))
def test_a_resumed_run_ends_as_if_it_had_not_stopped(words: list[str], cut: int) -> None:
    whole, broken = stream(), stream()
    label = whole.open()
    broken.open()
    for text in words:
        whole.sentence(text)

    again = resumed(*words[:cut], label=label)
    numbers = [again.sentence(text).number for text in words[cut:]]

    assert numbers == list(range(len(words[:cut]) + 2, len(words) + 2))
    assert again.end() == whole.end()


def test_a_run_that_stopped_right_after_its_label_needs_no_second_one() -> None:
    label = stream().open()

    event = resumed(label=label).sentence("七天内可退。")

    assert (event.number, event.aigc) == (2, label.aigc)


def test_what_was_shown_can_be_ended_as_interrupted_after_a_crash() -> None:
    label = stream().open()

    event, output = resumed("七天内", label=label).end(EventKind.INTERRUPTED)

    assert (event.kind, event.number) == (EventKind.INTERRUPTED, 3)
    assert output.parts[0].text == f"七天内{TEXT_NOTICE}"


def test_shown_sentences_need_the_label_they_left_under() -> None:
    with pytest.raises(LabelMissingError, match="'run-1'"):
        stage().label_stream(
            run_id="run-1", output_id="o", surface=Surface.OWN, shown=["七天内可退。"]
        )


@pytest.mark.parametrize("words", ["", "one\0two", "%PDF-1.7"])
def test_what_could_not_be_labelled_at_the_end_is_not_shown_before_it(words: str) -> None:
    answer = stream()
    answer.open()
    answer.sentence("好的。")

    with pytest.raises(LabellingError):
        answer.sentence(words)

    assert answer.text == "好的。"
    assert answer.end()[0].number == 3


def test_an_answer_without_words_has_no_end() -> None:
    answer = stream()
    answer.open()

    with pytest.raises(UnsupportedMediaError):
        answer.end()
