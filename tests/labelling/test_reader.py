"""The tolerant reader finds notices, and takes talk about AI for none."""

import os
import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling import reader
from labelling.conformance import pictures, recordings
from labelling.conformance.cases import value
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reader import SCANNERS, Verdict
from labelling.reading import png
from labelling.reading.finds import Finds
from labelling.reading.report import NORMATIVE
from labelling.reading.source import BrokenError, Source
from labelling.wording import NOTICE

PICTURE = pictures.png(pictures.png_xmp(pictures.packet(value())))
BROKEN = {
    MediaType.PNG: PICTURE[:20],
    MediaType.PDF: b"%PDF-1.7 and no more",
    MediaType.DOCX: b"PK\x03\x04 and no more",
    MediaType.FLAC: b"fLaC\x84\xff\xff\xff",
}

ANSWER = "七天内可退，运费由我们承担。"
NOTICES = (
    NOTICE,
    "AI生成",
    "AI合成",
    "人工智能生成",
    "由AI生成",
    "本回答由AI生成，仅供参考",
    "以下内容由人工智能合成",
    "内容由某某AI大模型生成",
    "内容可能由AI生成",
    "内容疑似由AI生成",
    "AI生成合成内容",
    "AIGC生成",
    "ＡＩ 生成",
    "AI生成，请注意核实",
)


def found(text: str) -> str | None:
    return reader.read(MediaType.TEXT, text.encode()).explicit


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("brackets", ["（）", "()", "【】", "[]"])
class TestBrackets:
    def test_a_notice_at_the_end_is_found(self, notice: str, brackets: str) -> None:
        assert found(f"{ANSWER}{brackets[0]}{notice}{brackets[1]}\n ") == notice

    def test_a_notice_at_the_start_is_found(self, notice: str, brackets: str) -> None:
        assert found(f" {brackets[0]}{notice}{brackets[1]}{ANSWER}") == notice

    def test_a_notice_in_the_middle_is_not_where_it_belongs(
        self, notice: str, brackets: str
    ) -> None:
        assert found(f"{ANSWER}{brackets[0]}{notice}{brackets[1]}{ANSWER}") is None


@pytest.mark.parametrize("notice", NOTICES)
@pytest.mark.parametrize("line", ["{}", "> {}", "—— {} ——", "{}。"])
class TestLines:
    def test_a_line_of_its_own_at_the_end_is_found(self, notice: str, line: str) -> None:
        assert found(f"{ANSWER}\n\n{line.format(notice)}\n") == line.format(notice)

    def test_a_line_of_its_own_at_the_start_is_found(self, notice: str, line: str) -> None:
        assert found(f"{line.format(notice)}\n{ANSWER}") == line.format(notice)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        ANSWER,
        "我们的海报是由AI生成的。",
        "AI生成的内容要标注吗？",
        "AI可以生成图片，也可以合成语音。",
        "这张图不是AI生成的",
        "如果图片由AI合成，平台要求注明。",
        f"{ANSWER}（AI生成的内容要标注吗）",
        f"{ANSWER}（人工客服回复）",
        f"{ANSWER}（AI）",
        f"{ANSWER}（AIGC）",
        f"{ANSWER}（AI创作）",
        f"{ANSWER}（{'内容' * 30}由AI生成）",
        f"{ANSWER}（内容由AI\n生成）",
        f"{ANSWER}（内容由AI生成",
        f"{ANSWER}{NOTICE}",
    ],
)
def test_words_about_ai_inside_a_message_are_no_label(text: str) -> None:
    assert found(text) is None


def test_the_label_at_the_end_goes_before_the_one_at_the_start() -> None:
    assert found("（AI合成）好的。（AI生成）") == "AI生成"


def test_broken_bytes_are_read_as_far_as_they_go() -> None:
    assert reader.read(MediaType.TEXT, b"\xff\xfe" + f"（{NOTICE}）".encode()).explicit == NOTICE


@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    assert reader.read(MediaType.TEXT, content).explicit is None


@pytest.mark.parametrize("medium", [MediaType.PNG, MediaType.PDF, MediaType.DOCX, MediaType.FLAC])
def test_what_cannot_be_looked_through_is_refused_by_its_medium(medium: MediaType) -> None:
    # That nothing was found in it would say nothing.
    with pytest.raises(UnsupportedMediaError, match=f"{medium.value!r} cannot be looked through"):
        reader.read(medium, BROKEN[medium])


def test_every_medium_can_be_read() -> None:
    assert set(SCANNERS) == set(MediaType) == set(NORMATIVE)


class TestFiles:
    def test_the_bytes_tell_the_medium_and_the_name_does_not(self, tmp_path: Path) -> None:
        path = tmp_path / "picture.txt"
        path.write_bytes(PICTURE)

        reading = reader.read_path(path)

        assert (reading.media_type, reading.verdict) == (MediaType.PNG, Verdict.CONFIRMED)

    @pytest.mark.parametrize(
        ("name", "content", "media_type"),
        [
            ("a.md", "# 标题", MediaType.MARKDOWN),
            ("a.MARKDOWN", "# 标题", MediaType.MARKDOWN),
            ("a.csv", "a,b", MediaType.CSV),
            ("a", "---\ntitle: x\n---\n", MediaType.MARKDOWN),
            ("a.txt", "<!DOCTYPE html><p>", MediaType.HTML),
            ("a.txt", "正文", MediaType.TEXT),
        ],
    )
    def test_a_name_says_only_which_text_a_text_is(
        self, name: str, content: str, media_type: MediaType, tmp_path: Path
    ) -> None:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")

        assert reader.read_path(path).media_type is media_type

    def test_a_note_beside_a_text_is_its_label(self, tmp_path: Path) -> None:
        path = tmp_path / "a.txt"
        path.write_text("正文", encoding="utf-8")
        (tmp_path / "a.txt.aigc.json").write_text(value("2"), encoding="utf-8")

        reading = reader.read_path(path)

        assert (reading.verdict, reading.places) == (Verdict.DECLARED, ("sidecar",))
        assert reading.strict

    def test_a_large_film_is_not_loaded(self, tmp_path: Path) -> None:
        path = tmp_path / "film.mp4"
        meta = pictures.box(b"udta", recordings.film_keys(value().encode()))
        with path.open("wb") as file:
            file.write(pictures.box(b"ftyp", b"mp42", bytes(4)))
            file.write(struct.pack(">I4s", 200 << 20, b"mdat"))
            # A hole: it takes no room on the disk.
            file.seek((200 << 20) - 8, 1)
            file.write(pictures.box(b"moov", meta))
        tracemalloc.start()
        try:
            reading = reader.read_path(path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert (reading.verdict, reading.strict) == (Verdict.CONFIRMED, True)
        assert peak < 2 << 20

    @pytest.mark.parametrize("name", ["missing.png", "folder"])
    def test_a_file_that_cannot_be_opened_is_named(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()

        with pytest.raises(UnsupportedMediaError, match=name):
            reader.read_path(tmp_path / name)

    def test_an_empty_file_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "empty.jpg").touch()

        with pytest.raises(UnsupportedMediaError, match=r"'empty.jpg' is empty"):
            reader.read_path(tmp_path / "empty.jpg")

    def test_a_file_that_shrinks_while_it_is_read_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_bytes(PICTURE)
        with path.open("rb") as file:
            source = Source.of_file(file.fileno())
            os.truncate(path, 20)

            with pytest.raises(BrokenError):
                png.scan(source, Finds())


class TestBudget:
    def test_a_label_found_before_the_budget_ends_is_told_and_never_strict(self) -> None:
        boxes = pictures.box(b"udta", recordings.film_keys(value().encode()))
        endless = pictures.box(b"udta", 100_000 * pictures.box(b"free"))
        film = recordings.film(b"mp42", boxes, *([endless] * 3))

        reading = reader.read(MediaType.MP4, film)

        assert reading.verdict is Verdict.CONFIRMED
        assert "unfinished" in reading.issues
        assert not reading.strict
