"""The explicit label in a Word document: its first paragraph."""

from labelling.writers.archive import Archive
from labelling.writers.base import Kind, Label
from labelling.writers.office import package, relations, words
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement
from labelling.writers.xml_places import Element, find, spliced

_BODY_DEPTH = 2


class DocxNoticeWriter:
    """Puts a paragraph with the notice before all others (GB 45438-2025 §5.1: at the start).

    It has ink and ground of its own, so that no style and no colour of the page hides it.
    """

    name = "docx-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        archive = package(content)
        part = _main_part(archive)
        xml = archive.read(part)
        body, first = _beginning(xml)
        if first == label.notice:
            return content
        notice = _paragraph(body.namespace, label.notice)
        return archive.replaced({part: spliced(xml, (body.inside, body.inside, notice))})

    def read(self, content: bytes) -> str | None:
        archive = package(content)
        _, first = _beginning(archive.read(_main_part(archive)))
        return statement(first)


def _main_part(archive: Archive) -> str:
    for _, name in relations(archive, "", "officeDocument"):
        return name
    return refuse("its main part is missing")


def _beginning(xml: bytes) -> tuple[Element, str]:
    """Give the body and what its first paragraph says; the rest is not read."""
    # The paragraph is asked for at its depth alone: one within a table is not the first line.
    found = find(
        xml,
        lambda name, depth: (name, depth) in {("body", _BODY_DEPTH), ("p", _BODY_DEPTH + 1)},
        until="p",
    )
    body = next((one for one in found if one.name == "body"), None)
    if body is None or body.empty:
        refuse("it has no body")
    first = next((one for one in found if one.name == "p"), None)
    return body, first.text.strip() if first else ""


def _paragraph(namespace: str, notice: str) -> bytes:
    # The usual prefix is declared here as well: a document may call the namespace otherwise.
    return (
        b'<w:p xmlns:w="%s"><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:b/>'
        b'<w:vanish w:val="0"/><w:color w:val="202020"/><w:sz w:val="24"/>'
        b'<w:shd w:val="clear" w:color="auto" w:fill="FFFFFF"/><w:lang w:eastAsia="zh-CN"/>'
        b"</w:rPr><w:t>%s</w:t></w:r></w:p>"
    ) % (words(namespace), words(notice))
