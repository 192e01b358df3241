"""How documents are cut."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Block, BlockKind, Chunk, Document
from knowledge.chunking import MAX_CHARACTERS, TARGET_CHARACTERS, chunk, document_id, split

KINDS = st.sampled_from([BlockKind.PROSE, BlockKind.ITEM, BlockKind.ROW])
HEADINGS = st.sampled_from([(), ("配送",), ("配送", "运费")])
TEXTS = st.text("甲乙，。！\n 1a", min_size=1, max_size=900).filter(str.strip)
BLOCKS = st.lists(st.builds(Block, TEXTS, KINDS, HEADINGS), max_size=8).map(tuple)


def cut(*blocks: Block, title: str = "配送与运费", digest: str = "d1") -> tuple[Chunk, ...]:
    return chunk(Document(title, "delivery.md", blocks), base="main", digest=digest)


def squeezed(text: str) -> str:
    return "".join(text.split())


class TestPacking:
    def test_short_blocks_under_one_heading_are_one_chunk(self) -> None:
        chunks = cut(
            Block("分三种：", headings=("运费",)),
            Block("- 一般地区 8 元", BlockKind.ITEM, ("运费",)),
            Block("地区：新疆；运费：18 元", BlockKind.ROW, ("运费",)),
        )

        assert [one.text for one in chunks] == [
            "分三种：\n- 一般地区 8 元\n地区：新疆；运费：18 元"
        ]

    def test_heading_begins_a_chunk(self) -> None:
        chunks = cut(Block("甲", headings=("一",)), Block("乙", headings=("一", "二")))

        assert [(one.heading, one.text) for one in chunks] == [("一", "甲"), ("一 › 二", "乙")]

    def test_blocks_fill_a_chunk_up_to_the_target(self) -> None:
        chunks = cut(*(Block("字" * 100) for _ in range(7)))

        assert [len(one.text) for one in chunks] == [302, 302, 100]

    def test_long_prose_is_cut_between_sentences(self) -> None:
        chunks = cut(Block("一句话有十个字在里面。" * 60))

        assert all(one.text.endswith("。") for one in chunks)
        assert all(200 < len(one.text) <= MAX_CHARACTERS for one in chunks)

    def test_answer_stays_whole_and_is_found_by_every_wording(self) -> None:
        answer = Block(
            "满 99 元包邮。" * 100,
            BlockKind.FAQ,
            ("配送", "满多少包邮"),
            similar=("免运费吗",),
            negative=("新人券",),
        )

        (only,) = cut(answer, title="常见问题")

        assert only.text == answer.text
        assert (only.similar, only.negative) == (("免运费吗",), ("新人券",))
        head = "常见问题 › 配送 › 满多少包邮\n免运费吗\n满 99 元包邮。"
        assert only.searchable.startswith(head)
        assert "新人券" not in only.searchable

    def test_two_answers_are_never_one_chunk(self) -> None:
        chunks = cut(*(Block(text, BlockKind.FAQ, ("问",)) for text in ("甲", "乙")))

        assert [one.text for one in chunks] == ["甲", "乙"]

    def test_title_and_headings_are_searched_and_not_shown(self) -> None:
        (only,) = cut(Block("每单 8 元", headings=("运费",)))

        assert (only.text, only.searchable) == ("每单 8 元", "配送与运费 › 运费\n每单 8 元")

    def test_document_without_blocks_has_no_chunks(self) -> None:
        assert cut() == ()

    @given(BLOCKS)
    def test_nothing_is_lost_and_nothing_too_long(self, blocks: tuple[Block, ...]) -> None:
        chunks = cut(*blocks)

        before = squeezed("".join(block.text for block in blocks))
        assert squeezed("".join(one.text for one in chunks)) == before
        assert all(0 < len(one.text) <= MAX_CHARACTERS for one in chunks)
        assert [one.ordinal for one in chunks] == list(range(len(chunks)))


class TestIds:
    def test_same_content_gives_the_same_ids(self) -> None:
        blocks = [Block("字" * 300) for _ in range(3)]

        assert cut(*blocks) == cut(*blocks)

    def test_every_chunk_of_every_version_has_an_id_of_its_own(self) -> None:
        blocks = [Block("字" * 300) for _ in range(3)]

        ids = [one.id for digest in ("d1", "d2") for one in cut(*blocks, digest=digest)]

        assert len(set(ids)) == 6
        assert all(str(UUID(one)) == one for one in ids)

    def test_document_is_named_by_its_base_and_source(self) -> None:
        assert document_id("main", "a.md") == document_id("main", "a.md")
        assert len({document_id(b, s) for b in ("x", "y") for s in ("a.md", "b.md")}) == 4


class TestSplit:
    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("短。", ["短。"]),
            ("他说“好。”我走了。", ["他说“好。”", "我走了。"]),
            ("价格 3.5 元。第二句！", ["价格 3.5 元。", "第二句！"]),
        ],
    )
    def test_sentences_end_after_their_closing_marks(self, text: str, pieces: list[str]) -> None:
        assert split(text, target=1, limit=9) == pieces

    def test_sentence_over_the_limit_is_cut_at_clauses(self) -> None:
        assert split("甲甲甲，乙乙乙，丙丙丙", target=4, limit=5) == [
            "甲甲甲，",
            "乙乙乙，",
            "丙丙丙",
        ]

    def test_text_without_any_mark_is_cut_at_the_limit(self) -> None:
        assert [len(piece) for piece in split("字" * 1000)] == [450, 450, 100]

    def test_short_rest_stays_with_what_was_before(self) -> None:
        pieces = split("一二三四五六七八九。" * 33)

        assert [len(piece) for piece in pieces] == [330]

    @given(TEXTS)
    def test_pieces_are_filled_as_far_as_they_go(self, text: str) -> None:
        pieces = split(text, target=40, limit=60)

        assert squeezed("".join(pieces)) == squeezed(text)
        assert all(len(one) + len(other) > 40 for one, other in pairwise(pieces))
        assert TARGET_CHARACTERS < MAX_CHARACTERS
