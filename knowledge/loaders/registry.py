"""FORMATS: what can be loaded, and by whom; the one list."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from knowledge.base import Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits, Loader, check_size
from knowledge.loaders.faq import load_faq
from knowledge.loaders.html import load_html
from knowledge.loaders.markdown import load_markdown
from knowledge.loaders.text import load_text


@dataclass(frozen=True, slots=True)
class Format:
    """A file format, the names it goes by, and its loader."""

    suffixes: tuple[str, ...]
    """Lower case, with the dot."""
    media_types: tuple[str, ...]
    load: Loader


FORMATS = {
    "markdown": Format((".md", ".markdown"), ("text/markdown",), load_markdown),
    "text": Format((".txt",), ("text/plain",), load_text),
    "html": Format((".html", ".htm"), ("text/html", "application/xhtml+xml"), load_html),
    "faq": Format((".csv",), ("text/csv",), load_faq),
}

SUFFIXES = frozenset(suffix for known in FORMATS.values() for suffix in known.suffixes)


def load(
    content: bytes, source: str, media_type: str = "", limits: Limits | None = None
) -> Document:
    """Read a document by its media type if one is given, else by its suffix.

    Raises:
        DocumentUnreadableError: The format is unknown, the content broken, or over a limit.
    """
    limits = limits or Limits()
    loader = _loader(source, media_type.partition(";")[0].strip().lower())
    check_size(len(content), source, limits)
    return loader(content, source, limits)


def _loader(source: str, media_type: str) -> Loader:
    suffix = PurePosixPath(source.replace("\\", "/")).suffix.lower()
    for known in FORMATS.values():
        if media_type in known.media_types or (not media_type and suffix in known.suffixes):
            return known.load
    named = f"the media type {media_type!r}" if media_type else f"the suffix {suffix!r}"
    msg = f"{source!r} has {named}, which nothing reads: save it as one of {_known()}"
    raise DocumentUnreadableError(msg)


def _known() -> str:
    return ", ".join(sorted(SUFFIXES))
