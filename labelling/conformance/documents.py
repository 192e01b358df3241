"""Small documents, each with a place for a label."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

import pikepdf

_OOXML = "application/vnd.openxmlformats-officedocument."
_PROPERTIES = "http://schemas.openxmlformats.org/officeDocument/2006/"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_MAIN = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}


def zipped(members: Mapping[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """Give an archive; the date is the same in every one."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            member = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            archive.writestr(member, content, compress_type=how)
    return out.getvalue()


def office(
    kind: str, custom: bytes | None = None, *, linked: bool = True, words: str = ""
) -> bytes:
    """Give an Office Open XML document, with custom properties where there are any."""
    main, name = _MAIN[kind]
    has = custom is not None and linked
    override = (
        f'<Override PartName="/docProps/custom.xml" ContentType="{_OOXML}custom-properties+xml"/>'
    )
    relation = (
        f'<Relationship Id="rId2" Type="{_RELATIONS}custom-properties" '
        'Target="docProps/custom.xml"/>'
    )
    members = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Override PartName="/{main}" ContentType="{_OOXML}{name}.main+xml"/>'
            f"{override if has else ''}</Types>"
        ),
        "_rels/.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{_RELATIONS}officeDocument" Target="{main}"/>'
            f"{relation if has else ''}</Relationships>"
        ),
        main: (
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
            f"<w:body><w:p><w:r><w:t>{escape(words)}</w:t></w:r></w:p></w:body></w:document>"
        ),
    }
    encoded = {name: text.encode() for name, text in members.items()}
    return zipped(encoded | ({"docProps/custom.xml": custom} if custom is not None else {}))


def custom(*values: str, name: str = "AIGC", form: str = _FORMAT, kind: str = "lpwstr") -> bytes:
    """Give custom properties, all of one name."""
    properties = "".join(
        f'<property fmtid="{form}" pid="{number}" name={quoteattr(name)}>'
        f"<vt:{kind}>{escape(value)}</vt:{kind}></property>"
        for number, value in enumerate(values, 2)
    )
    return (
        f'<Properties xmlns="{_PROPERTIES}custom-properties" '
        f'xmlns:vt="{_PROPERTIES}docPropsVTypes">'
        f"{properties}</Properties>"
    ).encode()


def open_document(kind: str, value: str | None = None) -> bytes:
    """Give an OpenDocument file, with a user-defined property where there is a value."""
    full = {"odt": "text", "ods": "spreadsheet", "odp": "presentation"}[kind]
    label = (
        ""
        if value is None
        else '<meta:user-defined meta:name="AIGC" meta:value-type="string">'
        f"{escape(value)}</meta:user-defined>"
    )
    meta = (
        '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0"><office:meta>'
        f"<meta:generator>conformance</meta:generator>{label}</office:meta></office:document-meta>"
    )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>'
    )
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{full}".encode(),
            "meta.xml": meta.encode(),
            "content.xml": content.encode(),
        },
        stored=("mimetype",),
    )


def book(*metas: str) -> bytes:
    """Give an EPUB with elements of one's own in its package."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'prefix="TC260: http://www.tc260.org.cn/ns/AIGC/1.0/"><metadata>'
        f"{''.join(metas)}</metadata></package>"
    )
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "OEBPS/content.opf": package.encode(),
            "OEBPS/page.xhtml": b"<html><body><p>page</p></body></html>",
        },
        stored=("mimetype",),
    )


def book_meta(value: str) -> str:
    """Give the element of a package that holds a label."""
    return f'<meta property="TC260:AIGC">{escape(value)}</meta>'


def pdf(value: str | None = None, *, key: str = "/AIGC", xmp: bytes = b"") -> bytes:
    """Give a PDF of one empty page, with a property or a packet."""
    out = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        if value is not None:
            document.docinfo[key] = pikepdf.String(value)
        if xmp:
            document.Root.Metadata = document.make_stream(xmp)
        document.save(out, deterministic_id=True)
    return out.getvalue()


def markdown(front: str | None = None, body: str = "# 标题\n\n正文。\n") -> bytes:
    """Give Markdown, with front matter where there is any."""
    return (body if front is None else f"---\n{front}\n---\n{body}").encode()


def html(head: str = "", body: str = "<p>正文</p>") -> bytes:
    """Give a page."""
    return (
        f"<!DOCTYPE html><html><head><title>页</title>{head}</head><body>{body}</body></html>"
    ).encode()


def html_meta(value: str) -> str:
    """Give the element of a page that holds a label."""
    return f'<meta name="AIGC" content={quoteattr(value)}>'
