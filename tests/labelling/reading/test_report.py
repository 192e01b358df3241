"""From labels to a verdict: what counts, what conflicts, what says nothing."""

from labelling import reader
from labelling.conformance import recordings
from labelling.conformance.cases import value
from labelling.content import MediaType
from labelling.reader import Reading, Verdict

ONE = value().encode()


def read(media_type: MediaType, content: bytes) -> Reading:
    return reader.read(media_type, content)


def test_more_labels_than_any_file_has_are_counted_to_a_limit() -> None:
    chunks = [(b"AIGC", ONE)] * 60

    reading = read(MediaType.WAV, recordings.wav(*chunks))

    assert len(reading.places) == 32
    assert reading.issues == ("several", "too-many-labels")


def test_one_that_cannot_be_read_beside_one_that_can_says_nothing() -> None:
    reading = read(MediaType.WAV, recordings.wav((b"AIGC", ONE), (b"AIGC", b"")))

    assert (reading.verdict, reading.strict) == (Verdict.CONFIRMED, False)


def test_of_labels_that_disagree_the_one_that_says_most_is_shown() -> None:
    made = [value(label).encode() for label in ("3", "1", "2")]

    reading = read(MediaType.WAV, recordings.wav(*((b"AIGC", text) for text in made)))

    assert (reading.verdict, reading.label) == (Verdict.CONFLICTING, "1")
