"""Text that is made to keep a pattern busy takes no longer than other text."""

import time
from contextlib import suppress

import pytest

from labelling import reader
from labelling.conformance.documents import custom, office, zipped
from labelling.content import MediaType
from labelling.errors import LabellingError
from labelling.sniff import form_of

MEGABYTE = 1 << 20
LONGEST_S = 5.0
PARAGRAPH = "<w:p>AI生成".encode()
# A mebibyte each of beginnings whose ends are missing.
HOSTILE = {
    (MediaType.HTML, name): (start * (MEGABYTE // len(start))).encode() + b" AIGC AI "
    for name, start in {
        "comments": "<!--",
        "scripts": "<script>",
        "paragraphs": "<p>",
        "open": "<p ",
        "metas": '<meta a="',
        "quotes": "<meta a='\"",
        "labels": "<!-- AIGC",
    }.items()
} | {
    (MediaType.MARKDOWN, name): (start * (MEGABYTE // len(start))).encode()
    for name, start in {
        "comments": "<!-- AIGC ",
        "fences": "```yaml\n",
        "keys": "AIGC:\n",
        "front": "---\n",
        "brackets": "（",
    }.items()
} | {
    (MediaType.DOCX, "paragraphs"): zipped({"word/document.xml": PARAGRAPH * MEGABYTE}),
    (MediaType.DOCX, "open"): zipped({"word/document.xml": b"<w:p " * MEGABYTE}),
    (MediaType.DOCX, "names"): office("docx", custom() + b' name="AIGC"' * 80_000),
    (MediaType.JSON, "keys"): b'{"AIGC":' * 100_000,
    (MediaType.SVG, "texts"): b"<svg>" + b"<text>AI</text>" * 30_000 + b"</svg>",
}  # fmt: skip


@pytest.mark.slow  # some of these take a second on purpose
@pytest.mark.parametrize("kind", HOSTILE, ids=str)
def test_hostile_text_is_read_in_time(kind: tuple[MediaType, str]) -> None:
    begun = time.perf_counter()
    with suppress(LabellingError):
        reader.read(kind[0], HOSTILE[kind])

    assert time.perf_counter() - begun < LONGEST_S


@pytest.mark.parametrize("start", ["<!---->", "<?xml?>", "<!DOCTYPE svg>", "---\n", "<!--", " "])
def test_the_form_of_hostile_text_is_told_in_time(start: str) -> None:
    begun = time.perf_counter()

    form_of(start * (65_536 // len(start)))

    assert time.perf_counter() - begun < LONGEST_S
