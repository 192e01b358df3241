"""What documents and texts hold besides the cases of the conformance suite."""

import json
from io import BytesIO

import pikepdf
import pytest

from labelling import reader
from labelling.conformance import documents, pictures
from labelling.conformance.cases import members, value
from labelling.conformance.documents import custom, html, markdown, office, zipped
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reader import Reading, Verdict
from labelling.reading.finds import Finds
from labelling.reading.pdf import scan as scan_pdf
from labelling.reading.source import BrokenError, ExhaustedError, Source, decoded, inflated
from labelling.reading.zipped import Archive
from labelling.wording import NOTICE
from tests.labelling.writers.documents import docx

ONE = value()
QUOTED = "\n".join(f"  {key}: '{text}'" for key, text in members().items())


def read(media_type: MediaType, content: bytes) -> Reading:
    return reader.read(media_type, content)


def pdf(
    contents: bytes,
    *,
    to_unicode: bytes = b"",
    form: bytes = b"",
    password: str = "",
    empty: bool = False,
) -> bytes:
    out = BytesIO()
    with pikepdf.new() as document:
        if not empty:
            page = document.add_blank_page()
            font = pikepdf.Dictionary(Type=pikepdf.Name.Font)
            if to_unicode:
                font.ToUnicode = document.make_stream(to_unicode)
            resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
            page.obj.Resources = resources
            page.obj.Contents = document.make_stream(contents)
            if form:
                made = document.make_stream(form, Subtype=pikepdf.Name.Form, Resources=resources)
                image = document.make_stream(b"", Subtype=pikepdf.Name.Image)
                resources.XObject = pikepdf.Dictionary(X1=image, X2=made)
        locked = pikepdf.Encryption(user=password, owner=password) if password else False
        document.save(out, encryption=locked)
    return out.getvalue()


class TestPdf:
    # Two codes a character, in both notations of a table.
    TABLE = (
        b"3 beginbfchar <0001> <5185> <0002> <5bb9> <0003> <7531> endbfchar "
        b"2 beginbfrange <0010> <0011> [<0041> <0049>] <0020> <0021> <751f> endbfrange "
        b"1 beginbfchar <0030> <6210> endbfchar"
    )
    WORDS = b"<0001000200030010001100200030>"

    @pytest.mark.parametrize(
        "contents",
        [
            b"BT /F1 9 Tf " + WORDS + b" Tj ET",
            b"BT /F1 9 Tf [<000100020003> -20 <00100011>] TJ <00200030> Tj ET",
            b"q BT /F1 9 Tf 1 0 0 1 9 9 Tm " + WORDS + b" Tj 0 -9 Td <0001> Tj T* ET Q",
            b"BT /F1 9 Tf (\\000\\001\\000\\002\\000\\003\\000\\020\\000\\021\\000 \\0000) Tj ET",
            b"/Span <</ActualText <FEFF51855BB9753100410049751F6210>>> BDC EMC",
        ],
    )
    def test_words_are_read_by_what_a_font_says_of_its_codes(self, contents: bytes) -> None:
        reading = read(MediaType.PDF, pdf(contents, to_unicode=self.TABLE))

        assert reading.explicit == NOTICE
        assert reading.verdict is Verdict.SUSPECTED

    def test_words_in_a_form_are_read(self) -> None:
        contents = b"BT /F1 9 Tf " + self.WORDS + b" Tj ET"

        assert read(MediaType.PDF, pdf(b"/X2 Do", to_unicode=self.TABLE, form=contents)).explicit

    @pytest.mark.parametrize(
        "contents",
        [
            b"BT /F1 9 Tf (AI \\(generated\\)\\n\\z) Tj ET",
            b"BT /F9 9 Tf <414> Tj ET",
            b"BT ET " * 9000,
        ],
    )
    def test_other_words_are_no_label(self, contents: bytes) -> None:
        assert read(MediaType.PDF, pdf(contents)).verdict is Verdict.ABSENT

    def test_a_document_without_pages_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot be looked through"):
            read(MediaType.PDF, pdf(b"", empty=True))

    def test_pages_in_several_streams_are_read(self) -> None:
        out = BytesIO()
        with pikepdf.open(BytesIO(pdf(b"", to_unicode=self.TABLE))) as document:
            parts = (b"BT /F1 9 Tf", self.WORDS + b" Tj", b"ET")
            document.pages[0].obj.Contents = pikepdf.Array([document.make_stream(p) for p in parts])
            document.save(out)

        assert read(MediaType.PDF, out.getvalue()).explicit == NOTICE

    def test_a_page_that_cannot_be_read_leaves_the_label(self) -> None:
        out = BytesIO()
        with pikepdf.open(BytesIO(documents.pdf(ONE))) as document:
            document.pages[0].obj.Contents = pikepdf.Array([3])
            document.save(out)

        assert read(MediaType.PDF, out.getvalue()).strict

    def test_one_behind_a_password_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="encrypted with a password"):
            read(MediaType.PDF, pdf(b"", password="secret"))

    def test_a_property_that_is_no_text_is_malformed(self) -> None:
        out = BytesIO()
        with pikepdf.new() as document:
            document.add_blank_page()
            document.docinfo["/AIGC"] = pikepdf.Name.Yes
            document.docinfo["/Trapped"] = pikepdf.Name.Yes
            document.save(out)

        reading = read(MediaType.PDF, out.getvalue())

        assert reading.verdict is Verdict.MALFORMED
        assert "property-form" in reading.issues

    def test_a_broken_document_is_searched(self) -> None:
        raw = b"%PDF-1.7\n1 0 obj <</AIGC(" + ONE.encode() + b")>>"

        reading = read(MediaType.PDF, raw)

        assert (reading.verdict, reading.strict) == (Verdict.CONFIRMED, False)
        assert reading.issues == ("broken-container",)

    def test_one_that_is_too_large_is_refused(self) -> None:
        huge = Source(200 << 20, lambda _, length: bytes(length))

        with pytest.raises(ExhaustedError, match="more than"):
            scan_pdf(huge, Finds())


class TestOffice:
    def test_words_on_every_page_are_read(self) -> None:
        footer = b"<w:ftr><w:p><w:r><w:t>\xe5\x86\x85\xe5\xae\xb9\xe7\x94\xb1AI</w:t></w:r>"
        footer += "<w:r><w:t>生成</w:t></w:r></w:p></w:ftr>".encode()
        content = zipped({"word/document.xml": b"<w:p/>", "word/footer1.xml": footer})

        assert read(MediaType.DOCX, content).explicit == NOTICE

    def test_words_under_any_prefix_are_read(self) -> None:
        words = f"<x:p/><x:p><x:t>{NOTICE}</x:t></x:p>".encode()

        assert read(MediaType.DOCX, zipped({"word/document.xml": words})).explicit == NOTICE

    def test_codes_of_a_sheet_s_header_are_no_words(self) -> None:
        sheet = f"<worksheet><headerFooter><oddFooter>&amp;C{NOTICE}</oddFooter></headerFooter>"
        content = zipped({"xl/workbook.xml": b"<w/>", "xl/worksheets/sheet1.xml": sheet.encode()})

        assert read(MediaType.XLSX, content).explicit == NOTICE

    def test_a_part_that_cannot_be_unpacked_says_nothing(self) -> None:
        bomb = zipped({"word/document.xml": bytes(20 << 20)})

        assert read(MediaType.DOCX, bomb).verdict is Verdict.ABSENT

    def test_broken_properties_are_searched(self) -> None:
        reading = read(MediaType.DOCX, office("docx", custom(ONE)[:-20]))
        nothing = read(MediaType.DOCX, office("docx", b"<broken"))

        assert (reading.verdict, "broken-xml" in reading.issues) == (Verdict.CONFIRMED, True)
        assert nothing.verdict is Verdict.ABSENT

    def test_the_description_of_a_document_is_looked_into(self) -> None:
        core = f"<c><description>{json.dumps({'AIGC': members()})}</description></c>".encode()
        content = zipped({"word/document.xml": b"<w/>", "docProps/core.xml": core})

        assert read(MediaType.DOCX, content).places == ("ooxml:docProps/core.xml",)

    def test_a_property_with_a_bad_number_is_not_strict(self) -> None:
        content = office("docx", custom(ONE).replace(b'pid="2"', b'pid="1"'))

        assert read(MediaType.DOCX, content).issues == ("property-form",)

    @pytest.mark.parametrize("kind", ["odt", "ods", "odp"])
    def test_without_properties_there_is_no_label(self, kind: str) -> None:
        medium = {"odt": MediaType.ODT, "ods": MediaType.ODS, "odp": MediaType.ODP}[kind]

        assert read(medium, zipped({"content.xml": b"<c/>"})).verdict is Verdict.ABSENT

    def test_a_book_without_a_package_has_no_label(self) -> None:
        other = documents.book("<meta property='x'>y</meta>", "<dc:title>AIGC</dc:title>")

        assert read(MediaType.EPUB, zipped({"a.xhtml": b"<p>x</p>"})).verdict is Verdict.ABSENT
        assert read(MediaType.EPUB, other).verdict is Verdict.ABSENT

    def test_bytes_in_front_of_the_archive_do_not_matter(self) -> None:
        assert read(MediaType.DOCX, b"front" + office("docx", custom(ONE))).strict


class TestArchive:
    PLAIN = zipped({"a": b"x" * 100, "b": b"y"}, stored=("b",))

    def test_members_are_unpacked(self) -> None:
        archive = Archive(Source.of(self.PLAIN))

        assert archive.names == ["a", "b"]
        assert (archive.read("a", 200), archive.read("b", 200)) == (b"x" * 100, b"y")
        assert archive.read("c", 200) is None

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            (b"PK\5\6", b"PK\0\0", "no directory"),
            (b"PK\1\2", b"PK\0\0", "directory is damaged"),
            (b"\2\0\2\0", b"\xff\xff\xff\xff", "no document"),
        ],
    )
    def test_a_damaged_directory_is_refused(
        self, before: bytes, after: bytes, message: str
    ) -> None:
        with pytest.raises(BrokenError, match=message):
            Archive(Source.of(self.PLAIN.replace(before, after)))

    @pytest.mark.parametrize(
        ("before", "after", "message"),
        [
            (b"PK\3\4", b"PK\0\0", "damaged or encrypted"),
            (b"PK\1\2\x14\3\x14\0\0\0\x08", b"PK\1\2\x14\3\x14\0\1\0\x08", "damaged or encrypted"),
            (b"PK\1\2\x14\3\x14\0\0\0\x08", b"PK\1\2\x14\3\x14\0\0\0\x0c", "by method 12"),
        ],
    )
    def test_a_damaged_member_is_refused(self, before: bytes, after: bytes, message: str) -> None:
        archive = Archive(Source.of(self.PLAIN.replace(before, after)))

        with pytest.raises(BrokenError, match=message):
            archive.read("a", 200)

    def test_a_member_that_is_too_large_is_refused(self) -> None:
        with pytest.raises(BrokenError, match="more than 50"):
            Archive(Source.of(self.PLAIN)).read("a", 50)

    def test_damaged_bytes_are_refused(self) -> None:
        with pytest.raises(BrokenError, match="damaged"):
            inflated(b"no zlib")


class TestTexts:
    def test_a_long_text_is_read_at_its_ends(self) -> None:
        filling = "正文。\n" * 400_000

        assert read(MediaType.TEXT, f"{filling}（{NOTICE}）".encode()).explicit == NOTICE
        assert read(MediaType.MARKDOWN, f"---\nAIGC:\n{QUOTED}\n---\n{filling}".encode()).strict

    def test_a_text_may_have_a_label_like_markdown(self) -> None:
        reading = read(MediaType.TEXT, f"正文\n\nAIGC:\n{QUOTED}\n".encode())

        assert (reading.verdict, reading.places) == (Verdict.CONFIRMED, ("markdown:tail",))

    @pytest.mark.parametrize(
        ("front", "issue"),
        [
            (f"aigc:\n{QUOTED}", "key-name"),
            (f"AIGC:\n{QUOTED}\n  - a list", "not-yaml"),
            (f"AIGC:\n{QUOTED}\n  # a comment", None),
            (f'"AIGC":\n{QUOTED}', None),
            (f"AIGC: >\n  {ONE}", "block-scalar"),
            (f"AIGC: {ONE[:-1]},", "broken-json"),
            (f'AIGC: "{ONE}"'.replace('":"', "':'"), None),
            ("AIGC:\n" + QUOTED.replace("'case-1'", "0012"), "unquoted"),
            ("AIGC:\n" + QUOTED.replace("'case-1'", "case-1 # a comment"), None),
            ("AIGC:\n" + QUOTED.replace("'case-1'", '"case-1"'), None),
            ("AIGC:\n" + QUOTED.replace("'case-1'", "!!int 12"), "not-yaml"),
        ],
    )
    def test_front_matter_is_strings_and_nothing_else(self, front: str, issue: str | None) -> None:
        reading = read(MediaType.MARKDOWN, markdown(front))

        assert reading.places == ("markdown:front-matter",)
        assert issue is None or issue in reading.issues
        assert issue is not None or "not-yaml" not in reading.issues

    def test_a_notice_in_a_quotation_or_a_heading_is_found(self) -> None:
        for line in (f"> **{NOTICE}**", f"# {NOTICE}", f"*{NOTICE}*", f"（{NOTICE}）"):
            assert read(MediaType.MARKDOWN, f"{line}\n\n正文\n".encode()).explicit == NOTICE

    def test_an_empty_second_fence_is_none(self) -> None:
        assert read(MediaType.MARKDOWN, b"---\n---\n---\n---\n").verdict is Verdict.ABSENT

    @pytest.mark.parametrize(
        "content",
        [
            b'{"a": [',
            b'{"text": "AI", "n": 3, "deep": [[[[[[[["AI"]]]]]]]]}',
            b'["AI"]',
            b'{"a": {"b": "AI"}}',
            b"3",
        ],
    )
    def test_other_json_has_no_label(self, content: bytes) -> None:
        assert read(MediaType.JSON, content).verdict is Verdict.ABSENT

    @pytest.mark.parametrize(
        "content", [{"words": [NOTICE]}, {"a": {"b": f"好的。（{NOTICE}）"}}, [NOTICE]]
    )
    def test_a_string_of_json_may_be_a_notice(self, content: object) -> None:
        text = json.dumps(content, ensure_ascii=False).encode()

        assert read(MediaType.JSON, text).explicit == NOTICE

    @pytest.mark.parametrize("member", ["3", "null", '"x"', "[]"])
    def test_a_member_that_is_no_object_is_malformed(self, member: str) -> None:
        assert read(MediaType.JSON, f'{{"AIGC":{member}}}'.encode()).verdict is Verdict.MALFORMED

    def test_a_member_that_is_too_large_is_malformed(self) -> None:
        content = f'{{"AIGC":{value(ReservedCode1="x" * 70_000)}}}'.encode()

        assert read(MediaType.JSON, content).issues == ("too-large",)

    def test_a_notice_in_html_may_be_a_part_of_a_block(self) -> None:
        assert read(MediaType.HTML, html(body=f"<p>{NOTICE}</p>")).explicit == NOTICE
        assert read(MediaType.HTML, html(body="<p>好的。（内容由<i>AI</i>生成）</p>")).explicit
        references = "".join(f"&#{ord(character)};" for character in NOTICE)
        assert read(MediaType.HTML, html(body=f"<p>{references}</p>")).explicit == NOTICE
        assert read(MediaType.HTML, html(body="<p>AI 的历史</p><p>x</p>")).explicit is None

    def test_other_metas_are_no_label(self) -> None:
        head = '<meta charset="utf-8"><meta name="keywords" content="AIGC"><!-- other: AIGC -->'

        assert read(MediaType.HTML, html(head)).verdict is Verdict.ABSENT

    def test_a_broken_svg_with_words_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="not well-formed"):
            read(MediaType.SVG, b"<svg><text>AI</svg>")

    @pytest.mark.parametrize(
        "deep", [b"<svg>" + b"<g>" * 80 + b"AI", b"<!DOCTYPE svg><svg>AI</svg>"]
    )
    def test_a_hostile_svg_is_refused(self, deep: bytes) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot be looked through"):
            read(MediaType.SVG, deep)

    def test_words_outside_text_elements_do_not_count(self) -> None:
        content = pictures.svg(words=f"<title>{NOTICE}</title><text>其他</text>")

        assert read(MediaType.SVG, content).explicit is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("文".encode(), "文"),
        ("\ufeff文".encode(), "文"),
        ("文a".encode("utf-16"), "文a"),
        ("\ufeffa".encode("utf-16-be"), "a"),
        ("abcd".encode("utf-16-le"), "abcd"),
        ("abcd".encode("utf-16-be"), "abcd"),
        (b"caf\xe9", "café"),
        (b"", ""),
    ],
)
def test_bytes_of_no_stated_encoding_are_read(raw: bytes, text: str) -> None:
    assert decoded(raw) == text


def test_a_comment_that_never_ends_holds_nothing() -> None:
    page = b"<p>aigc</p><!-- never closed"

    assert read(MediaType.HTML, page).verdict is Verdict.ABSENT


def test_of_a_long_part_its_two_ends_are_read() -> None:
    document = docx(*[f"第{number}段：每日早晚各一次。" for number in range(30_000)], NOTICE)

    assert read(MediaType.DOCX, document).explicit == NOTICE
