"""Markdown."""

from datetime import UTC, datetime

import pytest

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits
from knowledge.loaders.markdown import load_markdown


def read(text: str, limits: Limits | None = None) -> Document:
    return load_markdown(text.encode(), "rules/delivery.md", limits or Limits())


def texts(text: str) -> list[str]:
    return [block.text for block in read(text).blocks]


class TestOutline:
    def test_first_top_heading_is_the_title_and_not_in_the_path(self) -> None:
        document = read("# 配送\n\n甲\n\n## 运费\n\n乙\n\n### 新疆\n\n丙\n\n## 时效\n\n丁")

        assert document.title == "配送"
        assert [(block.headings, block.text) for block in document.blocks] == [
            ((), "甲"),
            (("运费",), "乙"),
            (("运费", "新疆"), "丙"),
            (("时效",), "丁"),
        ]

    def test_second_top_heading_begins_a_path(self) -> None:
        document = read("# 配送\n\n# 退货\n\n甲")

        assert document.blocks == (Block("甲", headings=("退货",)),)

    def test_file_without_a_title_is_named_after_its_file(self) -> None:
        assert read("甲").title == "delivery"

    def test_empty_heading_ends_what_was_before(self) -> None:
        assert read("# 配送\n\n## 运费\n\n##\n\n甲").blocks == (Block("甲"),)


class TestBlocks:
    def test_item_keeps_its_marker_and_what_is_in_it(self) -> None:
        document = read("- 一般地区\n  - 满 99 元\n  - 不满\n- 新疆\n\n  每单 18 元")

        assert [block.kind for block in document.blocks] == [BlockKind.ITEM, BlockKind.ITEM]
        assert [block.text for block in document.blocks] == [
            "- 一般地区\n  - 满 99 元\n  - 不满",
            "- 新疆\n  每单 18 元",
        ]

    def test_numbered_items_keep_their_numbers(self) -> None:
        assert texts("3. 甲\n4. 乙") == ["3. 甲", "4. 乙"]

    def test_row_says_the_name_of_each_column(self) -> None:
        document = read("| 地区 | 运费 | |\n|---|---|---|\n| 新疆 | 18 元 | 慢 |\n| 上海 | | |")

        assert document.blocks == (
            Block("地区：新疆；运费：18 元；慢", BlockKind.ROW),
            Block("地区：上海", BlockKind.ROW),
        )

    def test_marks_are_taken_off_and_their_text_stays(self) -> None:
        assert texts("**满** `99` 元 [包邮](https://example.com) ![图](a.png) <b>哦</b>") == [
            "满 99 元 包邮 图 哦"
        ]

    def test_line_end_is_a_space_only_between_letters(self) -> None:
        assert texts("满 99 元\n包邮，free\nshipping") == ["满 99 元包邮，free shipping"]

    def test_break_that_is_meant_stays(self) -> None:
        assert texts("电话：400  \n邮箱：a@example.com") == ["电话：400\n邮箱：a@example.com"]

    def test_quotes_code_and_markup_are_text_too(self) -> None:
        assert texts("> 引用\n\n```\n代码\n```\n\n<div><p>标记</p></div>\n\n---\n") == [
            "引用",
            "代码",
            "标记",
        ]

    def test_empty_items_and_comments_are_nothing(self) -> None:
        assert texts("-\n- 甲\n\n<!-- 乙 -->\n") == ["- 甲"]

    def test_quote_in_an_item_belongs_to_it(self) -> None:
        assert texts("- 甲\n\n  > 乙") == ["- 甲\n  乙"]


class TestLimits:
    def test_too_many_rows_are_refused(self) -> None:
        table = "| 甲 |\n|---|\n" + "| 乙 |\n" * 5

        with pytest.raises(DocumentUnreadableError, match="over 5 rows"):
            read(table, Limits(max_rows=5))

    def test_nesting_over_the_limit_is_refused(self) -> None:
        assert read("> " * 9 + "甲", Limits(max_depth=11)).blocks
        with pytest.raises(DocumentUnreadableError, match="over 10 levels"):
            read("> " * 5000 + "甲", Limits(max_depth=10))


class TestFrontMatter:
    def test_fields_tell_title_reach_and_validity(self) -> None:
        document = read(
            "---\ntitle: '618 活动'\nregion: 华东、华南\nchannel: [wechat, webchat]\n"
            "audience: 会员\nvalid_from: 2026-06-01T20:00:00\nvalid_to: 2026-06-20\n"
            "owner\n---\n# 活动\n\n满减。"
        )

        reach = document.reach
        assert document.title == "618 活动"
        assert document.blocks == (Block("满减。", headings=("活动",)),)
        assert (reach.regions, reach.channels, reach.audiences) == (
            ("华东", "华南"),
            ("wechat", "webchat"),
            ("会员",),
        )
        assert reach.valid_from == datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
        assert reach.valid_to == datetime(2026, 6, 20, 16, 0, tzinfo=UTC)

    def test_offset_of_a_moment_is_kept(self) -> None:
        document = read("---\nvalid_from: 2026-06-01T00:00:00Z\n---\n甲")

        assert document.reach.valid_from == datetime(2026, 6, 1, tzinfo=UTC)

    @pytest.mark.parametrize("value", ["明天", "2026-13-01", "9999-12-31"])
    def test_date_that_is_none_is_refused(self, value: str) -> None:
        with pytest.raises(DocumentUnreadableError, match="valid_to"):
            read(f"---\nvalid_to: {value}\n---\n甲")

    def test_rule_on_top_is_not_front_matter(self) -> None:
        assert texts("---\n\n甲") == ["甲"]
