"""What a loader is, what it refuses, and what all loaders share."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol

from knowledge.base import Document
from knowledge.errors import DocumentUnreadableError

_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is taken; what is over is refused, never cut off."""

    max_bytes: int = 20_000_000
    max_depth: int = 100
    """Levels of nesting, in markup."""
    max_rows: int = 50_000
    """Rows of all tables of a document together, or questions of a list."""


class Loader(Protocol):
    """Reads one format.

    Laws: the same bytes give the same document; blocks hold no blank text; whatever the bytes,
    nothing but `DocumentUnreadableError` is raised.
    """

    def __call__(self, content: bytes, source: str, limits: Limits) -> Document:
        """Read a document.

        Raises:
            DocumentUnreadableError: The content is broken, empty, or over a limit.
        """
        ...


def check_size(size: int, source: str, limits: Limits) -> None:
    """Refuse a file that is too large.

    Raises:
        DocumentUnreadableError: It is over the limit.
    """
    if size > limits.max_bytes:
        msg = f"{source!r} is {size} bytes, over {limits.max_bytes}: divide it"
        raise DocumentUnreadableError(msg)


def decode(content: bytes, source: str) -> str:
    """Decode UTF-8 with or without its mark, else GB18030, which spreadsheets still write."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROLS.isdisjoint(text):
            break
        return text.replace("\r\n", "\n").replace("\r", "\n")
    msg = f"{source!r} is not text in UTF-8 or GB18030: save it in UTF-8"
    raise DocumentUnreadableError(msg)


def stem(source: str) -> str:
    """Give the title of a file that names none: its name without the suffix."""
    return PurePosixPath(source.replace("\\", "/")).stem or source


def finish(document: Document) -> Document:
    """Refuse a document with nothing in it."""
    if not document.blocks:
        msg = f"{document.source!r} holds no text: remove it or fill it"
        raise DocumentUnreadableError(msg)
    return document
