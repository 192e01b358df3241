"""Plain text: paragraphs between blank lines."""

import re

from knowledge.base import Block, Document
from knowledge.loaders.base import Limits, decode, finish, stem

_MAX_TITLE_CHARACTERS = 40
_BLANK_LINES = re.compile(r"\n\s*\n")


def load_text(content: bytes, source: str, limits: Limits) -> Document:
    """Read plain text; a short first line that stands alone is the title."""
    paragraphs = [
        stripped
        for paragraph in _BLANK_LINES.split(decode(content, source))
        if (stripped := paragraph.strip())
    ]
    title = stem(source)
    if len(paragraphs) > 1 and _is_title(paragraphs[0]):
        title = paragraphs.pop(0)
    return finish(Document(title, source, tuple(Block(text) for text in paragraphs)))


def _is_title(paragraph: str) -> bool:
    return "\n" not in paragraph and len(paragraph) <= _MAX_TITLE_CHARACTERS
