"""What a caller sent, read: JSON objects, forms and uploads, without a form library."""

import json
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

JsonObject: TypeAlias = dict[str, Any]  # a caller's JSON has any shape until its fields are read


class BodyUnreadableError(Exception):
    """A request's body is not what the call takes."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart form."""

    filename: str
    data: bytes


def json_object(body: bytes) -> JsonObject:
    """Read a JSON object.

    Raises:
        BodyUnreadableError: The body is no JSON, no UTF-8 or no object.
    """
    try:
        value = json.loads(body.decode())
    except ValueError as error:
        msg = "the body is not UTF-8 JSON"
        raise BodyUnreadableError(msg) from error
    if not isinstance(value, dict):
        msg = "the body is JSON, but not an object"
        raise BodyUnreadableError(msg)
    return value


def compact(value: JsonObject) -> bytes:
    """Write JSON as the platforms do: raw UTF-8, no blanks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """Read a form of the URL-encoded kind.

    Raises:
        BodyUnreadableError: The content type is another one, or the body is not ASCII.
    """
    if not content_type.lower().startswith("application/x-www-form-urlencoded"):
        msg = f"the body is {content_type!r}, not a URL-encoded form"
        raise BodyUnreadableError(msg)
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True))
    except UnicodeDecodeError as error:
        msg = "the form is not URL-encoded"
        raise BodyUnreadableError(msg) from error


def uploaded(content_type: str, body: bytes, field: str) -> Upload | None:
    """Take the file of one field out of a multipart form; `None` if the form has no such file."""
    head = HeaderParser().parsestr(f"Content-Type: {content_type}\n")
    boundary = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or boundary is None:
        return None
    # By hand and by bytes: the mail parser splits lines, and an image is no text.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        lines, _, data = part.partition(b"\r\n\r\n")
        headers = HeaderParser().parsestr(lines.decode(errors="replace").lstrip())
        filename = headers.get_filename()
        name = headers.get_param("name", header="content-disposition")
        if name == field and filename is not None:
            return Upload(filename=filename, data=data)
    return None
