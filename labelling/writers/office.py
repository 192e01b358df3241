"""Labels in Office Open XML packages: what Word, Excel and PowerPoint files have in common."""

import html
import posixpath
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from labelling.writers.archive import Archive
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact
from labelling.writers.refusal import refuse
from labelling.writers.xml_places import Element, find, spliced

CONTENT_TYPES: Final = "[Content_Types].xml"
_RELATIONS: Final = "_rels/.rels"
_CUSTOM: Final = "docProps/custom.xml"
_CUSTOM_TYPE: Final = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument"
# The format identifier of all custom properties, by ECMA-376 part 1, §22.3.2.
_FORMAT: Final = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"
_FIRST_PROPERTY: Final = 2
_CHILD: Final = 2
"""The depth of what stands right in the root."""
_EMPTY_PROPERTIES: Final = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    f'<Properties xmlns="{_OFFICE}/custom-properties" xmlns:vt="{_OFFICE}/docPropsVTypes">'
    f"</Properties>"
).encode()
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def package(content: bytes) -> Archive:
    """Open a package.

    Raises:
        UnsupportedMediaError: It is encrypted, truncated or no package.
    """
    if content.startswith(_COMPOUND):
        # An encrypted package is wrapped in an OLE compound file, as the old formats are.
        refuse("it is encrypted, or of a format before 2007")
    return Archive(content)


def parts_of_type(archive: Archive, ending: str) -> Iterator[str]:
    """Give the names of the parts whose content type ends so, in the order they are declared."""
    types = archive.read(CONTENT_TYPES)
    known = {name.casefold(): name for name in archive.names}
    for override in find(types, lambda name, depth: name == "Override" and depth == _CHILD):
        name = override.attributes.get("PartName", "").lstrip("/")
        declared = override.attributes.get("ContentType", "")
        if declared.endswith(ending) and name.casefold() in known:
            yield known[name.casefold()]


def relations(archive: Archive, part: str, kind: str) -> Iterator[tuple[str, str]]:
    """Give the relations of one kind: id and the name of the part they lead to.

    `part` is the part they belong to, and empty for the package itself.
    """
    folder, _, file = part.rpartition("/")
    where = posixpath.join(folder, "_rels", f"{file}.rels")
    if where not in archive.names:
        return
    for relation in find(archive.read(where), _is_relation):
        about = relation.attributes
        # The strict form of the format writes names together that the other writes with a hyphen.
        told = about.get("Type", "").rpartition("/")[2].replace("-", "").casefold()
        if told == kind.replace("-", "").casefold() and about.get("TargetMode") != "External":
            target = posixpath.join("/", folder, unquote(about.get("Target", "")))
            yield about.get("Id", ""), posixpath.normpath(target).lstrip("/")


def words(text: str) -> bytes:
    """Give text as it may stand in XML and in an attribute."""
    return html.escape(text).encode()


class CustomPropertyWriter:
    """Writes the custom property `AIGC` (TC260-PG-20258A: bare JSON in docProps/custom.xml)."""

    name = "office-custom-property"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        archive = package(content)
        if _written(archive) == [compact(label.aigc)]:
            return content
        part = _custom_part(archive)
        name = part or _CUSTOM
        if part is None and name in archive.names:
            refuse(f"{name!r} is there, but nothing leads to it")
        properties = archive.read(name) if part else _EMPTY_PROPERTIES
        changes = {name: _with_property(properties, compact(label.aigc))}
        if part is None:
            changes[CONTENT_TYPES] = _declared(archive.read(CONTENT_TYPES), name)
            changes[_RELATIONS] = _related(archive.read(_RELATIONS), name)
        return archive.replaced(changes)

    def read(self, content: bytes) -> str | None:
        return next(iter(_written(package(content))), None)


def _written(archive: Archive) -> list[str]:
    part = _custom_part(archive)
    if part is None:
        return []
    return [element.text for element in _labels(archive.read(part))]


def _custom_part(archive: Archive) -> str | None:
    for _, name in relations(archive, "", "custom-properties"):
        if name in archive.names:
            return name
    return None


def _is_relation(name: str, depth: int) -> bool:
    return name == "Relationship" and depth == _CHILD


def _is_label(element: Element) -> bool:
    return element.attributes.get("name", "").casefold() == "aigc"


def _labels(properties: bytes) -> list[Element]:
    return [element for element in find(properties, _is_property) if _is_label(element)]


def _is_property(name: str, depth: int) -> bool:
    return name == "property" and depth == _CHILD


def _with_property(properties: bytes, value: str) -> bytes:
    found = find(properties, lambda name, depth: depth == 1 or _is_property(name, depth))
    root, others = found[0], [one for one in found[1:] if not _is_label(one)]
    numbers = [int(one.attributes["pid"]) for one in others if _numbered(one)]
    namespace = root.namespace or f"{_OFFICE}/custom-properties"
    office = _STRICT if namespace.startswith(_STRICT) else _OFFICE
    new = (
        f'<property xmlns="{namespace}" fmtid="{_FORMAT}" '
        f'pid="{max(numbers, default=_FIRST_PROPERTY - 1) + 1}" name="AIGC">'
        f'<vt:lpwstr xmlns:vt="{office}/docPropsVTypes">{html.escape(value, quote=False)}'
        f"</vt:lpwstr></property>"
    ).encode()
    # One label a file: what stood under the name is replaced, wherever it stood.
    gone = [(one.start, one.end, b"") for one in found[1:] if _is_label(one)]
    return spliced(appended(properties, root, new), *gone)


def _numbered(element: Element) -> bool:
    return re.fullmatch(r"\d{1,9}", element.attributes.get("pid", "")) is not None


def appended(xml: bytes, parent: Element, new: bytes) -> bytes:
    """Give the part with something new as the last child of an element."""
    if not parent.empty:
        return spliced(xml, (parent.until, parent.until, new))
    tag = xml[parent.start : parent.inside]
    name = re.match(rb"<([^\s/>]+)", tag)
    assert name is not None
    whole = tag[:-2].rstrip() + b">" + new + b"</" + name[1] + b">"
    return spliced(xml, (parent.start, parent.inside, whole))


def _declared(types: bytes, name: str) -> bytes:
    root = find(types, lambda _, depth: depth == 1)[0]
    new = b'<%sOverride PartName="/%s" ContentType="%s"/>' % (
        root.prefix,
        words(name),
        _CUSTOM_TYPE.encode(),
    )
    return appended(types, root, new)


def _related(related: bytes, name: str) -> bytes:
    found = find(related, lambda local, depth: depth == 1 or _is_relation(local, depth))
    taken = {one.attributes.get("Id") for one in found}
    number = next(n for n in range(1, len(found) + 1) if f"rIdAIGC{n}" not in taken)
    strict = any(one.attributes.get("Type", "").startswith(_STRICT) for one in found)
    kind = f"{_STRICT}/relationships/customProperties" if strict else ""
    kind = kind or f"{_OFFICE}/relationships/custom-properties"
    new = b'<%sRelationship Id="rIdAIGC%d" Type="%s" Target="%s"/>' % (
        found[0].prefix,
        number,
        kind.encode(),
        words(name),
    )
    return appended(related, found[0], new)
