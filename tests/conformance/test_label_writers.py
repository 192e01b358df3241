"""Every label writer keeps the laws of `LabelWriter`; the cases come from the registry."""

import json
from collections.abc import Callable, Mapping

import pytest

from labelling.content import MediaType
from labelling.output import Aigc
from labelling.sniff import sniff
from labelling.wording import NOTICE
from labelling.writers.base import Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS

LABEL = Label(
    NOTICE,
    Aigc(
        label="1",
        content_producer="001191000000000000000K10001",
        produce_id="content-1",
        content_propagator="001191000000000000000K10001",
        propagate_id="content-1",
    ),
)
# Unmarked content of every medium there is a writer for.
SAMPLES: Mapping[MediaType, tuple[bytes, ...]] = {
    MediaType.TEXT: (
        "七天内可退，运费由我们承担。".encode(),
        "第一行\n第二行\n".encode(),
        "（括号里的话）".encode(),
        b"plain ASCII",
        "内容由AI生成".encode(),
        "（没有合上的括号".encode(),
        "😊".encode(),
    )
}
# What a reader of the sample hears, sees or reads: an implicit writer must not change it.
PERCEIVED: Mapping[MediaType, Callable[[bytes], object]] = {MediaType.TEXT: bytes.decode}
WRITTEN: Mapping[Kind, str] = {
    Kind.EXPLICIT: LABEL.notice,
    Kind.IMPLICIT: json.dumps(LABEL.aigc.as_dict(), separators=(",", ":")),
}
CASES = [
    pytest.param(medium, writer, sample, id=f"{writer.name}-{medium.name.lower()}-{number}")
    for medium, chain in CHAINS.items()
    for writer in chain
    for number, sample in enumerate(SAMPLES[medium])
]


def test_there_are_samples_of_every_medium_in_the_registry() -> None:
    assert set(SAMPLES) == set(PERCEIVED) == set(CHAINS)
    assert all(SAMPLES.values())
    assert all(CHAINS.values())


def test_every_medium_has_its_explicit_writers_first_and_no_name_twice() -> None:
    for chain in CHAINS.values():
        kinds = [writer.kind for writer in chain]
        names = [writer.name for writer in chain]

        # What changes pixels comes before what describes them.
        assert kinds == sorted(kinds, key=[Kind.EXPLICIT, Kind.IMPLICIT].index)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(("medium", "writer", "sample"), CASES)
class TestWriter:
    def test_it_finds_nothing_in_unmarked_content(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        assert writer.read(sample) is None

    def test_it_reads_back_what_it_wrote(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        assert writer.read(writer.write(sample, LABEL)) == WRITTEN[writer.kind]

    def test_writing_twice_is_writing_once(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        once = writer.write(sample, LABEL)

        assert writer.write(once, LABEL) == once

    def test_the_medium_stays(self, medium: MediaType, writer: LabelWriter, sample: bytes) -> None:
        assert sniff(sample) is sniff(writer.write(sample, LABEL)) is medium

    def test_an_implicit_label_leaves_what_is_perceived_as_it_was(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        perceived = PERCEIVED[medium]
        before, after = perceived(sample), perceived(writer.write(sample, LABEL))

        # An explicit label is there to be perceived: of it the law asks the opposite.
        assert (before == after) == (writer.kind is Kind.IMPLICIT)
