"""The two forms a push and a reply to it are written in: JSON and XML."""

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as SafeTree  # type: ignore[import-untyped]  # it has no types
from pydantic_core import from_json

# XML 1.0, production 2: all other characters cannot stand in a document, however escaped.
_NO_XML_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class PushFormat(StrEnum):
    """How the account has its pushes written (数据格式)."""

    JSON = "json"
    XML = "xml"

    @property
    def media_type(self) -> str:
        return f"application/{self.value}; charset=utf-8"


def read(body: bytes, form: PushFormat) -> dict[str, object]:
    """Read the fields of a body; those of nested XML elements count as one text.

    Raises:
        ValueError: It is not of that form; the message holds none of the body.
    """
    fields = _read_json(body) if form is PushFormat.JSON else _read_xml(body)
    if fields is None:
        msg = f"the body is no {form.value} with one value a field"
        raise ValueError(msg)
    return fields


def write(fields: Mapping[str, str | int], form: PushFormat) -> bytes:
    """Write fields; characters that XML cannot hold are left out of it."""
    if form is PushFormat.JSON:
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    elements = "".join(f"<{name}>{_xml(value)}</{name}>" for name, value in fields.items())
    return f"<xml>{elements}</xml>".encode()


def _read_json(body: bytes) -> dict[str, object] | None:
    try:
        # Unlike the standard library's reader it bounds the depth itself, and refuses NaN, lone
        # surrogates and endless numbers; whole numbers keep all their digits.
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _read_xml(body: bytes) -> dict[str, object] | None:
    try:
        root = SafeTree.fromstring(body.decode(), forbid_dtd=True)
    except (ParseError, ValueError):
        return None
    fields: dict[str, object] = {child.tag: "".join(child.itertext()) for child in root}
    # A name that comes twice may be a customer's words that broke out of their CDATA.
    return fields if len(fields) == len(root) else None


def _xml(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    text = _NO_XML_CHARACTER.sub("", value).replace("]]>", "]]]]><![CDATA[>")
    # A bare carriage return is read back as a line feed.
    text = text.replace("\r", "]]>&#13;<![CDATA[")
    return f"<![CDATA[{text}]]>"
