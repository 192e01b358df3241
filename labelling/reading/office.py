"""Office documents, OpenDocument and EPUB: their properties and their words."""

import re
from collections.abc import Iterator

from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, decoded
from labelling.reading.xml import Walk, local
from labelling.reading.zipped import Archive

_CUSTOM = "docProps/custom.xml"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_RELATIONSHIP = b"relationships/custom-properties"
_CONTENT_TYPE = b"application/vnd.openxmlformats-officedocument.custom-properties+xml"
_LARGEST_TEXT = 8 << 20
_LARGEST_PART = 1 << 20
# Of a long part the ends are looked at: that is where labels stand.
_WINDOW = 256 << 10
# Parts that say something of the whole file in words.
_DESCRIBING = ("docProps/core.xml", "docProps/app.xml")
# What is seen on every page stands before what is seen once.
_WORDS = (
    re.compile(r"word/(?:footer|header)\d*\.xml"),
    re.compile(r"word/document\.xml"),
    re.compile(r"xl/worksheets/sheet\d+\.xml"),
    re.compile(r"xl/sharedStrings\.xml"),
    re.compile(r"ppt/slides/slide\d+\.xml"),
    re.compile(r"ppt/(?:slideMasters|slideLayouts)/\w+\.xml"),
    re.compile(r"content\.xml|styles\.xml"),
    re.compile(r".*\.x?html"),
)
# Whatever the prefix: a paragraph, a heading, a string of a sheet, a line of its header or footer.
_BOUNDARY = re.compile(
    r"</?(?:\w{1,20}:)?(?:p|h\d?|si|is|div|(?:odd|even|first)(?:Header|Footer))(?=[\s/>])[^<>]*>"
)
_TAG = re.compile(r"<[^<>]*>")
# Excel marks fonts, sizes and places of headers with these.
_CODES = re.compile(r"&amp;(?:[LCRPNDTAFGBIUSXYEHO]|\d+|K[0-9A-F]{6}|\"[^\"]*\"|&quot;[^&]*&quot;)")
_SAYS = re.compile("(?:AI|人工智能).{0,40}(?:生成|合成)", re.IGNORECASE)


def scan(source: Source, finds: Finds) -> None:
    """Read an Office Open XML document."""
    archive = Archive(source)
    custom = archive.read(_CUSTOM, _LARGEST_PART)
    if custom is not None:
        before = len(finds.claims)
        _properties(custom, finds)
        if len(finds.claims) > before and not _linked(archive):
            finds.issues.append("not-linked")
    for name in _DESCRIBING:
        described = archive.read(name, _LARGEST_PART)
        if described is not None and b"aigc" in described.lower():
            _describing(described, name, finds)
    _rest(archive, finds)


def scan_open_document(source: Source, finds: Finds) -> None:
    """Read an OpenDocument file."""
    archive = Archive(source)
    meta = archive.read("meta.xml", _LARGEST_PART)
    if meta is not None:
        _Meta(finds).over(meta)
    _rest(archive, finds)


def scan_book(source: Source, finds: Finds) -> None:
    """Read an EPUB."""
    archive = Archive(source)
    for name in archive.names:
        if name.endswith(".opf"):
            package = archive.read(name, _LARGEST_PART)
            _Package(finds).over(package or b"")
            break
    _rest(archive, finds)


def _rest(archive: Archive, finds: Finds) -> None:
    if archive.read("META-INF/content_credential.c2pa", _LARGEST_TEXT) is not None:
        finds.manifest()
    finds.trailer(archive.tail)
    for text in _texts(archive):
        finds.words(text)
        if finds.explicit:
            return


def _texts(archive: Archive) -> Iterator[list[str]]:
    """Give the paragraphs of each part that could say it, part by part."""
    names = archive.names
    # A label on every sheet, slide or page is on the outer ones.
    alike = [[name for name in names if pattern.fullmatch(name)] for pattern in _WORDS]
    for name in [name for group in alike for name in (*group[:2], *group[2:][-1:])]:
        try:
            part = archive.read(name, _LARGEST_TEXT) or b""
        except BrokenError:
            continue
        if len(part) > 2 * _WINDOW:
            part = part[:_WINDOW] + part[-_WINDOW:]
        text = part.decode("utf-8", "replace")
        # Runs cut words anywhere, so a paragraph is put together before it is looked at.
        yield [
            words
            for block in _BOUNDARY.split(text)
            if _SAYS.search(words := _CODES.sub("", _TAG.sub("", block)))
        ]


def _linked(archive: Archive) -> bool:
    types = archive.read("[Content_Types].xml", _LARGEST_PART) or b""
    relationships = archive.read("_rels/.rels", _LARGEST_PART) or b""
    return _CONTENT_TYPE in types and _RELATIONSHIP in relationships


def _properties(document: bytes, finds: Finds) -> None:
    try:
        _Custom(finds).over(document)
    except BrokenError:
        text = decoded(document)
        found = re.search(
            r"""name=["']AIGC["'][^<>]{0,500}>\s{0,99}(?:<[^<>]{0,99}>)?([^<]*)""",
            text,
            re.IGNORECASE,
        )
        if found:
            finds.claim("ooxml:custom", found[1], "broken-xml")


def _describing(document: bytes, name: str, finds: Finds) -> None:
    Walk(
        lambda _name, _attributes: None, lambda _name, text: finds.loose(f"ooxml:{name}", text)
    ).over(document)


class _Custom:
    """The custom properties of Office Open XML."""

    def __init__(self, finds: Finds) -> None:
        self._finds = finds
        self._property: dict[str, str] | None = None

    def over(self, document: bytes) -> None:
        Walk(self._started, self._ended).over(document)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        if local(name) == "property":
            self._property = attributes

    def _ended(self, name: str, text: str) -> None:
        if local(name) == "property" or self._property is None:
            self._property = None
            return
        title = self._property.get("name", "")
        if title.strip().casefold() != "aigc":
            self._finds.loose("ooxml:custom/other", text)
            return
        regular = (
            local(name) == "lpwstr"
            and self._property.get("fmtid", "").upper() == _FORMAT
            and self._property.get("pid", "").isdecimal()
            and int(self._property["pid"][:9]) > 1
        )
        issues = [] if regular else ["property-form"]
        self._finds.claim("ooxml:custom", text, *issues, *([] if title == "AIGC" else ["key-name"]))


class _Meta:
    """The user-defined properties of OpenDocument."""

    def __init__(self, finds: Finds) -> None:
        self._finds = finds
        self._name = ""

    def over(self, document: bytes) -> None:
        Walk(self._started, self._ended).over(document)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._name = attributes.get("meta:name", "")

    def _ended(self, name: str, text: str) -> None:
        if local(name) == "user-defined" and self._name.strip().casefold() == "aigc":
            self._finds.claim("odf:user-defined", text)
        elif text:
            self._finds.loose(f"odf:{local(name)}", text)


class _Package:
    """The metadata of an EPUB's package."""

    def __init__(self, finds: Finds) -> None:
        self._finds = finds
        self._open = False

    def over(self, document: bytes) -> None:
        Walk(self._started, self._ended).over(document)

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        self._open = local(attributes.get("property", "")).casefold() == "aigc"
        if local(name) == "meta" and attributes.get("name", "").casefold() == "aigc":
            self._finds.claim("epub:meta", attributes.get("content", ""))

    def _ended(self, name: str, text: str) -> None:
        if self._open and local(name) == "meta":
            self._finds.claim("epub:meta", text)
        self._open = False
