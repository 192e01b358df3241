"""What holds for the writers of all documents."""

from dataclasses import replace

import pytest

from labelling.content import MediaType
from labelling.reader import read
from labelling.writers.base import Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS
from tests.labelling.writers import documents
from tests.labelling.writers.documents import LABEL

SAMPLES = {
    MediaType.PDF: documents.pdf(),
    MediaType.DOCX: documents.docx(),
    MediaType.XLSX: documents.xlsx(),
    MediaType.PPTX: documents.pptx(),
    MediaType.MARKDOWN: "# 退货\n".encode(),
    MediaType.HTML: "<p>七天内可退。</p>".encode(),
    MediaType.JSON: b"{}",
}
CASES = [
    pytest.param(writer, sample, id=f"{writer.name}-{medium.name.lower()}")
    for medium, sample in SAMPLES.items()
    for writer in CHAINS[medium]
]


@pytest.mark.parametrize(("writer", "sample"), CASES)
def test_writing_twice_is_writing_once(writer: LabelWriter, sample: bytes) -> None:
    once = writer.write(sample, LABEL)

    assert writer.read(sample) is None
    assert writer.write(once, LABEL) == once


@pytest.mark.parametrize("medium", SAMPLES)
def test_every_document_gets_both_labels(medium: MediaType) -> None:
    content = SAMPLES[medium]

    for writer in CHAINS[medium]:
        content = writer.write(content, LABEL)

    assert [writer.kind for writer in CHAINS[medium]] == [Kind.EXPLICIT, Kind.IMPLICIT]
    assert all(writer.read(content) for writer in CHAINS[medium])


@pytest.mark.parametrize("medium", SAMPLES)
def test_the_reader_that_shares_no_code_finds_both(medium: MediaType) -> None:
    content = SAMPLES[medium]
    for writer in CHAINS[medium]:
        content = writer.write(content, LABEL)

    reading = read(medium, content)

    assert (reading.explicit, reading.fields) == (LABEL.notice, LABEL.aigc)
    assert reading.strict


@pytest.mark.parametrize("medium", SAMPLES)
def test_another_label_replaces_the_first_in_metadata(medium: MediaType) -> None:
    writer = CHAINS[medium][-1]
    other = Label(LABEL.notice, replace(LABEL.aigc, content_propagator="other"))

    after = writer.write(writer.write(SAMPLES[medium], LABEL), other)

    assert '"ContentPropagator":"other"' in (writer.read(after) or "")
    assert writer.write(after, LABEL) == writer.write(SAMPLES[medium], LABEL) or (
        medium in {MediaType.PDF, MediaType.DOCX, MediaType.XLSX, MediaType.PPTX}
    )
