"""Labels in Markdown, HTML, JSON and CSV."""

import csv
import io
import json
from dataclasses import replace

import pytest

# Its stubs are not among our packages.
import yaml  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import json_object, webpage
from labelling.writers.csv_rows import SIDECAR_ENDING, CsvNoticeWriter, sidecar
from labelling.writers.json_object import JsonMemberWriter, JsonNoticeWriter
from labelling.writers.markdown import FrontMatterWriter, MarkdownNoticeWriter
from labelling.writers.statements import statement
from labelling.writers.webpage import WebpageMetaWriter, WebpageNoticeWriter
from tests.labelling.writers.documents import LABEL, markdown_body, page_words

VALUES = LABEL.aigc.as_dict()
JSON = json.dumps(VALUES, separators=(",", ":"))
QUOTE = f"> {NOTICE}\n\n"


@pytest.mark.parametrize(
    "words",
    [
        NOTICE,
        " （内容由AI生成） ",
        "以下内容由AI合成",
        "内容可能由AI生成（作者声明）",
        "人工智能生成合成",
    ],
)
def test_a_notice_is_one_in_any_of_our_wordings(words: str) -> None:
    assert statement(words) == words.strip()


@pytest.mark.parametrize(
    "words", ["", "内容由AI生成的吗？", "AIGC", "AI", "我用AI生成了图片", "生成"]
)
def test_a_sentence_that_speaks_of_ai_is_none(words: str) -> None:
    assert statement(words) is None


def front_matter(content: bytes) -> object:
    text = content.decode().removeprefix("\ufeff")
    assert text.startswith("---")
    # Strings only, as the guide has the values; the ordinary loader would make numbers of some.
    return yaml.load(text.split("---")[1], yaml.BaseLoader)  # noqa: S506


class TestMarkdown:
    explicit, implicit = MarkdownNoticeWriter(), FrontMatterWriter()

    def test_the_notice_is_quoted_before_the_text(self) -> None:
        assert self.explicit.write("# 退货\n".encode(), LABEL).decode() == f"{QUOTE}# 退货\n"

    def test_it_stands_after_the_front_matter(self) -> None:
        before = "---\ntitle: 退货\n---\n七天\n"

        after = self.explicit.write(before.encode(), LABEL).decode()

        assert after == f"---\ntitle: 退货\n---\n{QUOTE}七天\n"

    @pytest.mark.parametrize(
        ("before", "others"),
        [
            ("七天\n", {}),
            ("---\n---\n七天\n", {}),
            (
                "---\n# remark\ntitle: 退货\ntags:\n- 一\n---\n七天\n",
                {"title": "退货", "tags": ["一"]},
            ),
            ("---\ntitle: |\n  AIGC: no\n\n  b\n...\n七天\n", {"title": "AIGC: no\n\nb\n"}),
            ("---\nAIGC:\n  Label: '2'\n\n  More: x\nlast: 1\n---\n七天\n", {"last": "1"}),
            ("---\n'aigc': {Label: 2}\n---\n七天\n", {}),
            ("---\r\ntitle: a\r\n---\r\n七天\r\n", {"title": "a"}),
            ("\ufeff七天\n", {}),
            ("\ufeff---\ntitle: a\n---\n七天\n", {"title": "a"}),
        ],
    )
    def test_any_yaml_reader_finds_it_beside_what_stood_there(
        self, before: str, others: dict[str, object]
    ) -> None:
        after = self.implicit.write(before.encode(), LABEL)

        assert front_matter(after.replace(b"\n...\n", b"\n---\n")) == {**others, "AIGC": VALUES}
        assert after.decode().endswith("七天\n" if "\r" not in before else "七天\r\n")
        assert after.startswith("\ufeff".encode()) == before.startswith("\ufeff")
        assert self.implicit.read(after) == JSON
        assert self.implicit.write(after, LABEL) == after

    @pytest.mark.parametrize("before", ["---\n一句话\n---\n二\n", "---\nno end\n", "---"])
    def test_rules_across_the_page_are_no_front_matter(self, before: str) -> None:
        after = self.implicit.write(self.explicit.write(before.encode(), LABEL), LABEL)

        assert front_matter(after) == {"AIGC": VALUES}
        assert markdown_body(after) == QUOTE + before

    @pytest.mark.parametrize("matter", ["{title: a}", "- a", "? a", "!tag", "&a b"])
    def test_front_matter_that_nothing_can_be_merged_into_is_refused(self, matter: str) -> None:
        with pytest.raises(UnsupportedMediaError, match="front matter"):
            self.implicit.write(f"---\n{matter}\n---\n".encode(), LABEL)

    def test_an_entry_without_quoted_values_is_not_ours(self) -> None:
        assert self.implicit.read(b"---\nAIGC: x\n---\n") is None
        assert self.implicit.read(b"---\nother: x\n---\n") is None

    @given(st.text())
    def test_no_text_loses_a_word(self, text: str) -> None:
        try:
            after = self.implicit.write(self.explicit.write(text.encode(), LABEL), LABEL)
        except UnicodeEncodeError:
            return
        except LabellingError:
            assert text.startswith(("---", "\ufeff---"))
            return

        assert after.decode().endswith(text.removeprefix("\ufeff")) or text.startswith("---")
        assert (self.explicit.read(after), self.implicit.read(after)) == (NOTICE, JSON)


HEAD = '<!doctype html><html><head><meta charset="utf-8">'


class TestWebpage:
    explicit, implicit = WebpageNoticeWriter(), WebpageMetaWriter()

    def labelled(self, page: str, encoding: str = "utf-8") -> bytes:
        return self.implicit.write(self.explicit.write(page.encode(encoding), LABEL), LABEL)

    @pytest.mark.parametrize(
        ("page", "before"),
        [
            (f"{HEAD}</head><body class='a>b'>七天</body></html>", "七天"),
            (f"{HEAD}<title><body></title></head><body>七天</body></html>", "七天"),
            (f"{HEAD}<script>'<body>'</script></head>七天", "七天"),
            (f"{HEAD}<style><!-- <body> --></style>七天", "七天"),
            ("<!-- <body> --><?xml?><!doctype html><title>a</title>七天", "七天"),
            ("<p>七天</p>", "<p>七天"),
            ("\ufeff<p>七天</p>", "<p>七天"),
            ("七天 < 八天", "七天"),
            ("", ""),
            ("<p>七天</p><a href='", "<p>七天"),
            ("<script>never closed", ""),
            ("<!-- never closed", ""),
            ("<!never closed", ""),
        ],
    )
    def test_the_line_stands_before_what_is_shown(self, page: str, before: str) -> None:
        after = self.labelled(page).decode()

        assert after.split("data-aigc-notice")[1].split("</p>", 1)[1].startswith(before)
        assert (self.explicit.read(after.encode()), self.implicit.read(after.encode())) == (
            NOTICE,
            JSON,
        )
        assert self.labelled(after) == after.encode()

    def test_a_reader_of_the_page_sees_the_words_first(self) -> None:
        after = self.labelled(f"{HEAD}</head><body><p>七天</p></body></html>")

        assert page_words(after) == f"{NOTICE}七天"

    def test_the_declaration_of_the_encoding_stays_where_browsers_look(self) -> None:
        after = self.labelled(f"{HEAD}</head><body>七天</body></html>").decode()

        assert after.startswith(HEAD)
        assert after.index("<meta name=") < after.index("</head>")

    def test_a_page_in_another_encoding_gets_words_that_any_shows(self) -> None:
        page = '<html><head><meta charset="gbk"></head><body>七天</body></html>'

        after = self.labelled(page, "gbk").decode("gbk")

        assert "&#20869;&#23481;" in after
        assert "七天" in after
        assert self.explicit.read(after.encode("gbk")) == NOTICE

    def test_labels_of_any_form_are_replaced_by_one(self) -> None:
        page = (
            '<head><meta name="aigc" content="{}"><meta property="site:AIGC" content=x>'
            "<!-- AIGC: {} --></head><body>七天</body>"
        )

        after = self.implicit.write(page.encode(), LABEL)

        assert after.decode().count("AIGC") == 1
        assert self.implicit.read(after) == JSON

    @pytest.mark.parametrize("value", ["no json", "[1]", "1", "[" * 100_000])
    def test_a_label_that_is_no_object_is_not_ours(self, value: str) -> None:
        assert self.implicit.read(f'<meta name="AIGC" content="{value}">'.encode()) is None

    def test_a_value_with_quotes_is_found_again(self) -> None:
        odd = replace(LABEL, aigc=replace(LABEL.aigc, reserved_code1="'&<>\"\\"))

        found = self.implicit.read(self.implicit.write(b"<p>a</p>", odd))

        assert json.loads(found or "") == odd.aigc.as_dict()

    @pytest.mark.parametrize("page", ["<frameset><frame></frameset>", "a\0b"])
    def test_what_has_no_place_for_words_is_refused(self, page: str) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.explicit.write(page.encode(), LABEL)

    def test_a_page_that_is_too_large_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(webpage, "_MOST_BYTES", 3)

        with pytest.raises(UnsupportedMediaError, match="more than 3 bytes"):
            self.explicit.write(b"<p>a", LABEL)

    @pytest.mark.parametrize(
        "unit", ["<a ", "<a '", '<a =" ', "<a b='>", "<!--", "<", "<title>", "</"]
    )
    def test_no_page_takes_more_than_its_length(self, unit: str) -> None:
        # Where anything was looked at twice, this would take hours and meet the time limit.
        hostile = unit * 20_000 + '"x>"'

        after = self.explicit.write(hostile.encode(), LABEL)

        assert len(after) < len(hostile) + 300

    @given(st.text("<>/!-'\"= abp\n七", max_size=60))
    def test_nothing_of_a_page_is_lost(self, page: str) -> None:
        content = page.encode()

        after = self.explicit.write(content, LABEL)

        start = after.index(b"<p data-aigc-notice")
        end = after.index(b"</p>", start) + 4
        assert after[:start] + after[end:] == content


class TestJson:
    explicit, implicit = JsonNoticeWriter(), JsonMemberWriter()

    def labelled(self, text: str) -> str:
        return self.implicit.write(self.explicit.write(text.encode(), LABEL), LABEL).decode()

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            " { } ",
            '{"a": 1.50, "b": [1, {"AIGC": 2}], "c": "\\u4e00"}',
            '{\n  "a": {},\n  "b": null\n}\n',
            '{"n": 123456789012345678901234567890}',
        ],
    )
    def test_both_members_stand_beside_what_was_there(self, text: str) -> None:
        after = self.labelled(text)

        assert json.loads(after) == {
            "AIGC": VALUES,
            "aigc_notice": NOTICE,
            **json.loads(text),
        }
        assert self.labelled(after) == after

    def test_what_is_there_keeps_its_bytes(self) -> None:
        after = self.labelled('{"a": 1.50, "b": "\\u4e00"}')

        assert after.endswith('"a": 1.50, "b": "\\u4e00"}')

    def test_indentation_is_kept_up(self) -> None:
        lines = self.labelled('{\n  "a": 1\n}').splitlines()

        assert [line[:8] for line in lines] == ["{", '  "AIGC"', '  "aigc_', '  "a": 1', "}"]

    def test_a_label_that_is_there_is_replaced(self) -> None:
        after = self.implicit.write(b'{"a": 1, "AIGC": {"Label": "2"}}', LABEL)

        assert after.decode() == f'{{"a": 1, "AIGC":{JSON}}}'

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("[]", "only a JSON object"),
            ('"words"', "only a JSON object"),
            ("", "only a JSON object"),
            ("{", "no valid JSON"),
            ('{"a"}', "no valid JSON"),
            ('{"a":}', "no valid JSON"),
            ('{"a":1,}', "no valid JSON"),
            ('{"a":1 "b":2}', "no valid JSON"),
            ("{1:2}", "no valid JSON"),
            ("{} {}", "something follows"),
            ('{"AIGC":1,"AIGC":2}', "more than one member"),
            ('{"a":' + "[" * 100_000, "too deep"),
        ],
    )
    def test_what_has_no_place_for_a_label_is_refused(self, text: str, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            self.implicit.write(text.encode(), LABEL)

    def test_bytes_that_are_no_text_or_too_many_are_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(UnsupportedMediaError, match="UTF-8"):
            self.implicit.write(b"\xff", LABEL)
        monkeypatch.setattr(json_object, "_MOST_BYTES", 1)
        with pytest.raises(UnsupportedMediaError, match="more than 1 bytes"):
            self.implicit.write(b"{}", LABEL)

    def test_members_of_other_types_are_not_ours(self) -> None:
        assert self.implicit.read(b'{"AIGC": "x"}') is None
        assert self.explicit.read(b'{"aigc_notice": 1}') is None
        assert self.implicit.read(b'{"AIGC": {}, "AIGC": {}}') is None


class TestCsv:
    writer = CsvNoticeWriter()

    @pytest.mark.parametrize(
        "text", ["", "a,b\n1,2", "a,b\r\n1,2\r\n", "\ufeff货号,价\n1,2\n\n", 'a\n"b\nc"\n']
    )
    def test_the_notice_is_the_last_row(self, text: str) -> None:
        after = self.writer.write(text.encode(), LABEL)

        rows = [row for row in csv.reader(io.StringIO(after.decode("utf-8-sig"))) if row]
        assert rows == [
            *(row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if row),
            [NOTICE],
        ]
        assert after.startswith(text.encode())
        assert self.writer.read(text.encode()) is None
        assert self.writer.read(after) == NOTICE
        assert self.writer.write(after, LABEL) == after

    @pytest.mark.parametrize("content", [b'a\n"open', b"\xff", b"a" * 200_000])
    def test_what_is_no_table_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    def test_the_sidecar_holds_the_label(self) -> None:
        assert json.loads(sidecar(LABEL.aigc)) == {"AIGC": VALUES}
        assert SIDECAR_ENDING == ".aigc.json"


@pytest.mark.parametrize("writer", [MarkdownNoticeWriter(), FrontMatterWriter()])
def test_markdown_in_another_encoding_is_refused(
    writer: MarkdownNoticeWriter | FrontMatterWriter,
) -> None:
    with pytest.raises(UnsupportedMediaError, match="UTF-8"):
        writer.write("退货".encode("gbk"), LABEL)
