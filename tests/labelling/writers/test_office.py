"""Labels in Word, Excel and PowerPoint files."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.base import LabelWriter
from labelling.writers.docx import DocxNoticeWriter
from labelling.writers.office import CustomPropertyWriter
from labelling.writers.pptx import PptxNoticeWriter
from labelling.writers.xlsx import XlsxNoticeWriter
from tests.labelling.writers import documents
from tests.labelling.writers.documents import LABEL, archive, members, raw_members
from tests.labelling.writers.tools import needed

CUSTOM = "docProps/custom.xml"
PROPERTY = '<property fmtid="{{D5}}" pid="{pid}" name="{name}"><vt:lpwstr>x</vt:lpwstr></property>'
JSON = json.dumps(LABEL.aigc.as_dict(), separators=(",", ":"))
STRICT = "http://purl.oclc.org/ooxml"


def custom_of(content: bytes) -> str:
    return members(content)[CUSTOM].decode()


class TestCustomProperty:
    writer = CustomPropertyWriter()

    def test_only_what_names_the_property_changes(self) -> None:
        before = documents.docx()

        after = self.writer.write(before, LABEL)

        kept, found = raw_members(before), raw_members(after)
        changed = {name for name in found if kept.get(name) != found[name]}
        assert changed == {"[Content_Types].xml", "_rels/.rels", CUSTOM}

    def test_it_stands_as_the_guide_has_it(self) -> None:
        files = members(self.writer.write(documents.docx(), LABEL))

        found = re.search(r'<property [^>]*fmtid="([^"]+)" pid="2" name="AIGC">', custom_of_(files))
        assert found is not None
        assert found[1] == "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
        assert JSON in custom_of_(files)
        assert b'PartName="/docProps/custom.xml"' in files["[Content_Types].xml"]
        assert (
            b'relationships/custom-properties" Target="docProps/custom.xml"'
            in (files["_rels/.rels"])
        )

    def test_other_properties_stay(self) -> None:
        before = documents.with_custom(
            documents.docx_members("一"), PROPERTY.format(pid=7, name="Client")
        )

        found = custom_of(self.writer.write(before, LABEL))

        assert PROPERTY.format(pid=7, name="Client") in found
        assert 'pid="8" name="AIGC"' in found

    @pytest.mark.parametrize("pid", ["7", "none"])
    def test_a_label_that_is_there_is_replaced(self, pid: str) -> None:
        before = documents.with_custom(
            documents.docx_members("一"),
            PROPERTY.format(pid=2, name="aigc")
            + PROPERTY.format(pid=pid, name="Client")
            + PROPERTY.format(pid=3, name="AIGC"),
        )

        after = self.writer.write(before, LABEL)

        assert custom_of(after).lower().count('name="aigc"') == 1
        assert self.writer.read(after) == JSON
        assert 'name="Client"' in custom_of(after)

    def test_an_empty_list_of_properties_is_opened(self) -> None:
        files = documents.docx_members("一")
        before = documents.with_custom(files, "")
        closed = documents.custom_properties("").replace("></Properties>", "/>")
        before = archive({**members(before), CUSTOM: closed})

        assert self.writer.read(self.writer.write(before, LABEL)) == JSON

    def test_a_strict_document_stays_strict(self) -> None:
        files = documents.docx_members("一")
        files["_rels/.rels"] = files["_rels/.rels"].replace(
            "http://schemas.openxmlformats.org/officeDocument/2006", f"{STRICT}/officeDocument"
        )

        after = self.writer.write(archive(files), LABEL)

        assert (
            f"{STRICT}/officeDocument/relationships/customProperties".encode()
            in (members(after)["_rels/.rels"])
        )
        assert self.writer.read(after) == JSON
        assert self.writer.write(after, LABEL) == after

    def test_properties_that_nothing_leads_to_are_not_guessed_at(self) -> None:
        stray = archive({**documents.docx_members("一"), CUSTOM: documents.custom_properties("")})

        with pytest.raises(UnsupportedMediaError, match="nothing leads to it"):
            self.writer.write(stray, LABEL)

    def test_a_relation_to_a_part_that_is_missing_is_none(self) -> None:
        files = members(documents.with_custom(documents.docx_members("一"), ""))
        del files[CUSTOM]

        assert self.writer.read(archive(files)) is None

    def test_exiftool_finds_it(self, tmp_path: Path) -> None:
        needed("exiftool")
        file = tmp_path / "a.docx"
        file.write_bytes(self.writer.write(documents.docx(), LABEL))

        shown = subprocess.run(  # noqa: S603
            [needed("unzip"), "-p", file, CUSTOM], capture_output=True, check=True
        )
        tested = subprocess.run(  # noqa: S603
            [needed("unzip"), "-tq", file], capture_output=True, check=True
        )

        assert JSON.encode() in shown.stdout
        assert b"No errors" in tested.stdout


def custom_of_(files: dict[str, bytes]) -> str:
    return files[CUSTOM].decode()


WRITERS: list[tuple[LabelWriter, bytes]] = [
    (DocxNoticeWriter(), documents.docx()),
    (XlsxNoticeWriter(), documents.xlsx()),
    (PptxNoticeWriter(), documents.pptx()),
    (CustomPropertyWriter(), documents.docx()),
]


@pytest.mark.parametrize(("writer", "sample"), WRITERS, ids=lambda one: getattr(one, "name", ""))
class TestRefused:
    def test_an_encrypted_document_is_refused(self, writer: LabelWriter, sample: bytes) -> None:
        with pytest.raises(UnsupportedMediaError, match="encrypted"):
            writer.write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), LABEL)

    def test_a_truncated_document_is_refused(self, writer: LabelWriter, sample: bytes) -> None:
        with pytest.raises(UnsupportedMediaError, match="cut off"):
            writer.write(sample[:-40], LABEL)

    def test_an_archive_of_something_else_is_refused(
        self, writer: LabelWriter, sample: bytes
    ) -> None:
        with pytest.raises(UnsupportedMediaError):
            writer.write(archive({"a.txt": "words"}), LABEL)

    def test_entities_are_not_expanded(self, writer: LabelWriter, sample: bytes) -> None:
        bomb = {
            name: re.sub(rb"\?>\s*", b'?><!DOCTYPE a [<!ENTITY b "c">]>', content, count=1)
            for name, content in members(sample).items()
        }

        with pytest.raises(UnsupportedMediaError, match="document type"):
            writer.write(archive(bomb), LABEL)


class TestDocx:
    writer = DocxNoticeWriter()

    def test_the_notice_is_the_first_paragraph(self) -> None:
        before = documents.docx("退货说明", "七天内可退。")

        after = self.writer.write(before, LABEL)

        xml = members(after)["word/document.xml"].decode()
        assert re.findall(r"<\w+:t>([^<]*)</\w+:t>", xml) == [NOTICE, "退货说明", "七天内可退。"]
        changed = {
            name for name, raw in raw_members(after).items() if raw_members(before)[name] != raw
        }
        assert changed == {"word/document.xml"}

    def test_a_document_whose_body_is_missing_or_empty_is_refused(self) -> None:
        for body in ("", "<w:body/>"):
            files = documents.docx_members()
            files["word/document.xml"] = (
                f'<w:document xmlns:w="{documents.WORD}">{body}</w:document>'
            )
            with pytest.raises(UnsupportedMediaError, match="no body"):
                self.writer.write(archive(files), LABEL)

    def test_a_body_without_paragraphs_gets_one(self) -> None:
        files = documents.docx_members()

        assert self.writer.read(self.writer.write(archive(files), LABEL)) == NOTICE


class TestXlsx:
    writer = XlsxNoticeWriter()

    def test_the_notice_stands_below_the_rows_and_moves_none(self) -> None:
        before = documents.xlsx('<row r="1"><c r="A1"><f>SUM(B:B)</f></c></row><row r="9"/>')

        after = members(self.writer.write(before, LABEL))["xl/worksheets/sheet1.xml"].decode()

        assert '<row r="1"><c r="A1"><f>SUM(B:B)</f></c></row><row r="9"/><row ' in after
        assert f'r="10"><c r="A10" t="inlineStr"><is><t>{NOTICE}</t></is></c></row>' in after

    def test_it_heads_printed_pages_as_well(self) -> None:
        after = members(self.writer.write(documents.xlsx(), LABEL))["xl/worksheets/sheet1.xml"]

        assert f"<oddHeader>&amp;L{NOTICE}</oddHeader>".encode() in after

    def test_the_authors_own_header_stays(self) -> None:
        header = "<headerFooter><oddHeader>&amp;C报表</oddHeader></headerFooter>"
        before = documents.xlsx(rest=header)

        after = members(self.writer.write(before, LABEL))["xl/worksheets/sheet1.xml"].decode()

        assert header in after
        assert after.count("oddHeader>") == 2

    def test_the_header_stands_where_the_schema_has_it(self) -> None:
        before = documents.xlsx(rest='<pageSetup orientation="portrait"/><drawing r="x"/>')

        after = members(self.writer.write(before, LABEL))["xl/worksheets/sheet1.xml"].decode()

        assert after.index("<pageSetup") < after.index("<headerFooter") < after.index("<drawing")

    def test_the_first_sheet_that_is_shown_is_marked(self) -> None:
        sheet = documents.sheet_xml('<row r="1"/>')
        before = archive(documents.xlsx_members(sheet, ("hidden", "visible", "visible")))

        files = members(self.writer.write(before, LABEL))

        marked = [name for name, content in files.items() if NOTICE.encode() in content]
        assert marked == ["xl/worksheets/sheet2.xml"]

    def test_a_sheet_that_is_a_chart_is_passed_over(self) -> None:
        files = documents.xlsx_members(documents.sheet_xml(""), ("visible", "visible"))
        files["xl/_rels/workbook.xml.rels"] = documents.relations(
            ("rId1", "chartsheet", "chartsheets/sheet1.xml"),
            ("rId2", "worksheet", "worksheets/sheet2.xml"),
        )

        after = members(self.writer.write(archive(files), LABEL))

        assert NOTICE.encode() in after["xl/worksheets/sheet2.xml"]

    def test_a_workbook_that_shows_no_cells_is_refused(self) -> None:
        hidden = archive(documents.xlsx_members(documents.sheet_xml(""), ("veryHidden",)))

        with pytest.raises(UnsupportedMediaError, match="shows no sheet"):
            self.writer.write(hidden, LABEL)

    @pytest.mark.parametrize("number", ["1048576", "99999999", "x"])
    def test_a_sheet_without_room_is_refused(self, number: str) -> None:
        with pytest.raises(UnsupportedMediaError, match="no row left"):
            self.writer.write(documents.xlsx(f'<row r="{number}"/>'), LABEL)

    def test_a_sheet_without_cells_is_refused(self) -> None:
        files = documents.xlsx_members(f'<worksheet xmlns="{documents.SHEET}"/>')

        with pytest.raises(UnsupportedMediaError, match="has no cells"):
            self.writer.write(archive(files), LABEL)

    def test_a_sheet_whose_root_is_closed_after_its_rows_is_marked(self) -> None:
        files = documents.xlsx_members(
            f'<worksheet xmlns="{documents.SHEET}"><sheetData/></worksheet>'
        )

        assert self.writer.read(self.writer.write(archive(files), LABEL)) == NOTICE


class TestPptx:
    writer = PptxNoticeWriter()

    def test_every_slide_is_marked_with_a_shape_of_its_own_number(self) -> None:
        shape = '<p:sp><p:nvSpPr><p:cNvPr id="41" name="Title"/></p:nvSpPr></p:sp>'
        before = documents.pptx(documents.slide_xml(shape), documents.slide_xml())

        files = members(self.writer.write(before, LABEL))

        one, two = (files[f"ppt/slides/slide{number}.xml"].decode() for number in (1, 2))
        assert f"<a:t>{NOTICE}</a:t>" in one
        assert f"<a:t>{NOTICE}</a:t>" in two
        assert 'id="42" name="AIGC notice"' in one
        assert 'id="2" name="AIGC notice"' in two
        assert shape in one

    def test_a_slide_without_the_mark_makes_the_whole_unmarked(self) -> None:
        files = members(self.writer.write(documents.pptx(), LABEL))
        files["ppt/slides/slide2.xml"] = documents.slide_xml().encode()

        assert self.writer.read(archive(files)) is None

    def test_other_words_on_the_plate_are_replaced(self) -> None:
        files = members(self.writer.write(documents.pptx(), LABEL))
        changed = archive(
            {name: content.replace(NOTICE.encode(), b"x") for name, content in files.items()}
        )

        again = self.writer.write(changed, LABEL)

        assert self.writer.read(again) == NOTICE
        assert members(again)["ppt/slides/slide1.xml"].count(b"AIGC notice") == 1

    def test_extensions_of_the_tree_stay_last(self) -> None:
        before = documents.pptx(documents.slide_xml("<p:extLst/>"))

        after = members(self.writer.write(before, LABEL))["ppt/slides/slide1.xml"].decode()

        assert after.index("AIGC notice") < after.index("<p:extLst/>")

    def test_the_highest_number_leaves_room_below(self) -> None:
        shape = f'<p:sp><p:cNvPr id="{2**31 - 1}" name="Title"/></p:sp>'

        after = self.writer.write(documents.pptx(documents.slide_xml(shape)), LABEL)

        assert b'id="2" name="AIGC notice"' in members(after)["ppt/slides/slide1.xml"]

    def test_a_strict_slide_gets_a_strict_shape(self) -> None:
        slide = documents.slide_xml().replace(documents.SLIDE, f"{STRICT}/presentationml/main")

        after = self.writer.write(documents.pptx(slide), LABEL)

        assert (
            f'xmlns:a="{STRICT}/drawingml/main"'.encode()
            in (members(after)["ppt/slides/slide1.xml"])
        )

    def test_slides_without_shapes_or_no_slides_are_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="no place for shapes"):
            self.writer.write(documents.pptx("<sld/>"), LABEL)
        with pytest.raises(UnsupportedMediaError, match="no slides"):
            self.writer.write(archive(documents.pptx_members()), LABEL)
