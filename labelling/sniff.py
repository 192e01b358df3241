"""The medium of bytes, from what they begin with; never from a name."""

import re

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError

_PDF = b"%PDF-"
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), MediaType.PNG),
    (re.compile(rb"\xff\xd8\xff"), MediaType.JPEG),
    (re.compile(rb"GIF8[79]a"), MediaType.GIF),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), MediaType.WEBP),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), MediaType.WAV),
    (re.compile(rb".{4}ftyp", re.DOTALL), MediaType.MP4),
    (re.compile(rb"ID3|\xff[\xf2\xf3\xfa\xfb]"), MediaType.MP3),
)


def sniff(content: bytes) -> MediaType:
    """Tell the medium.

    Raises:
        UnsupportedMediaError: Neither a known container nor UTF-8 text.
    """
    # Text comes before the signatures: an answer may begin with "ID3" or hold "WAVE", and every
    # container but PDF holds a NUL or bytes that are not UTF-8.
    if content.startswith(_PDF):
        return MediaType.PDF
    if _reads_as_text(content):
        return MediaType.TEXT
    for signature, media_type in _SIGNATURES:
        if signature.match(content):
            return media_type
    msg = "the content is neither a known container nor UTF-8 text"
    raise UnsupportedMediaError(msg)


def _reads_as_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content
