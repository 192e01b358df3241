"""The tolerant reader finds notices, and takes talk about AI for none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling import reader
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE

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


@pytest.mark.parametrize("medium", [medium for medium in MediaType if medium is not MediaType.TEXT])
def test_a_medium_it_cannot_read_is_refused(medium: MediaType) -> None:
    with pytest.raises(UnsupportedMediaError, match="cannot be read yet"):
        reader.read(medium, b"")
