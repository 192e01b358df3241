"""Documents to label, made by other means than the writers: the smallest that are whole."""

import re
import zipfile
from collections.abc import Mapping
from html.parser import HTMLParser
from io import BytesIO

import pikepdf
from typing_extensions import override

from labelling.output import Aigc
from labelling.wording import NOTICE
from labelling.writers.base import Label

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

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SLIDE = "http://schemas.openxmlformats.org/presentationml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument."
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def archive(members: Mapping[str, str | bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in members.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            target.writestr(zipfile.ZipInfo(name), content, how)
    return made.getvalue()


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as source:
        assert source.testzip() is None
        return {name: source.read(name) for name in source.namelist()}


def raw_members(content: bytes) -> dict[str, bytes]:
    """Give every member as it is packed, with its header."""
    with zipfile.ZipFile(BytesIO(content)) as source:
        starts = [info.header_offset for info in source.infolist()]
        ends = [*starts[1:], source.start_dir]
        names = source.namelist()
    return {name: content[start:end] for name, start, end in zip(names, starts, ends, strict=True)}


def package(main: str, parts: Mapping[str, tuple[str, str]], **extra: str) -> dict[str, str]:
    """Give the members of a package; parts by name: content type and content."""
    overrides = "".join(
        f'<Override PartName="/{name}" ContentType="{_TYPE}{kind}"/>'
        for name, (kind, _) in parts.items()
    )
    return {
        "[Content_Types].xml": (
            f'{_XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f"{overrides}</Types>"
        ),
        "_rels/.rels": relations(("rId1", "officeDocument", main)),
        **{name: content for name, (_, content) in parts.items()},
        **extra,
    }


def relations(*of: tuple[str, str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="{one}" Type="{OFFICE}/relationships/{kind}" Target="{target}"/>'
        for one, kind, target in of
    )
    return f'{_XML}<Relationships xmlns="{PACKAGE}/relationships">{lines}</Relationships>'


def docx_members(*paragraphs: str) -> dict[str, str]:
    body = "".join(f"<w:p><w:r><w:t>{words}</w:t></w:r></w:p>" for words in paragraphs)
    document = f'{_XML}<w:document xmlns:w="{WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    return package(
        "word/document.xml",
        {"word/document.xml": ("wordprocessingml.document.main+xml", document)},
    )


def docx(*paragraphs: str) -> bytes:
    return archive(docx_members(*(paragraphs or ("退货说明", "七天内可退。"))))


def custom_properties(properties: str) -> str:
    return (
        f'{_XML}<Properties xmlns="{OFFICE}/custom-properties" '
        f'xmlns:vt="{OFFICE}/docPropsVTypes">{properties}</Properties>'
    )


def with_custom(files: dict[str, str], properties: str) -> bytes:
    """Give a package that has custom properties already."""
    related = files["_rels/.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rId9" Type="{OFFICE}/relationships/custom-properties" '
        f'Target="docProps/custom.xml"/></Relationships>',
    )
    return archive(
        {**files, "_rels/.rels": related, "docProps/custom.xml": custom_properties(properties)}
    )


def sheet_xml(rows: str, rest: str = "") -> str:
    return f'{_XML}<worksheet xmlns="{SHEET}"><sheetData>{rows}</sheetData>{rest}</worksheet>'


def xlsx_members(sheet: str, states: tuple[str, ...] = ("visible",)) -> dict[str, str]:
    names = [f"xl/worksheets/sheet{number}.xml" for number, _ in enumerate(states, 1)]
    sheets = "".join(
        f'<sheet name="{number}" sheetId="{number}" state="{state}" r:id="rId{number}"/>'
        for number, state in enumerate(states, 1)
    )
    book = (
        f'{_XML}<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}/relationships">'
        f"<sheets>{sheets}</sheets></workbook>"
    )
    related = relations(
        *((f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n, _ in enumerate(states, 1))
    )
    parts = {"xl/workbook.xml": ("spreadsheetml.sheet.main+xml", book)}
    parts |= dict.fromkeys(names, ("spreadsheetml.worksheet+xml", sheet))
    return package("xl/workbook.xml", parts, **{"xl/_rels/workbook.xml.rels": related})


def xlsx(rows: str = '<row r="1"><c r="A1"><v>7</v></c></row>', rest: str = "") -> bytes:
    return archive(xlsx_members(sheet_xml(rows, rest)))


def slide_xml(shapes: str = "") -> str:
    return (
        f'{_XML}<p:sld xmlns:p="{SLIDE}"><p:cSld><p:spTree><p:nvGrpSpPr>'
        f'<p:cNvPr id="1" name=""/></p:nvGrpSpPr><p:grpSpPr/>{shapes}</p:spTree></p:cSld></p:sld>'
    )


def pptx_members(*slides: str) -> dict[str, str]:
    parts = {"ppt/presentation.xml": ("presentationml.presentation.main+xml", f"{_XML}<p/>")}
    parts |= {
        f"ppt/slides/slide{number}.xml": ("presentationml.slide+xml", slide)
        for number, slide in enumerate(slides, 1)
    }
    return package("ppt/presentation.xml", parts)


def pptx(*slides: str) -> bytes:
    return archive(pptx_members(*(slides or (slide_xml(), slide_xml()))))


def pdf(
    pages: int = 2,
    *,
    size: tuple[int, int] = (595, 842),
    rotate: int = 0,
    drawing: bytes = b"0.1 0.1 0.3 rg 0 700 595 142 re f",
    **saving: object,
) -> bytes:
    made = BytesIO()
    with pikepdf.new() as target:
        for _ in range(pages):
            page = target.add_blank_page(page_size=size)
            page.obj.Contents = target.make_stream(drawing)
            page.obj.Rotate = rotate
        target.save(made, deterministic_id=not saving, **saving)  # type: ignore[arg-type]
    return made.getvalue()


def pdf_contents(content: bytes) -> list[bytes]:
    """Give what draws each page."""
    with pikepdf.open(BytesIO(content)) as source:
        return [
            b"\n".join(one.read_bytes() for one in _streams(page.obj.Contents))
            for page in source.pages
        ]


def _streams(contents: pikepdf.Object) -> list[pikepdf.Object]:
    return list(contents) if isinstance(contents, pikepdf.Array) else [contents]


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    @override
    def handle_data(self, data: str) -> None:
        self.words.append(data)


def page_words(content: bytes) -> str:
    """Give what a browser would show of a page."""
    parser = _Words()
    parser.feed(content.decode("utf-8-sig"))
    parser.close()
    return "".join(parser.words).strip()


def markdown_body(content: bytes) -> str:
    """Give what stands after the front matter."""
    text = content.decode()
    return re.sub(r"\A---\r?\n.*?^---\r?\n", "", text, count=1, flags=re.DOTALL | re.MULTILINE)
