"""Cut a draft to a channel's limits, before it is labelled: every piece gets its own label."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from channels.base import Capabilities
from labelling.content import Draft, MediaType, Part
from labelling.wording import TEXT_NOTICE

_ELLIPSIS = "……"
# A piece ends after a sentence, else after a clause, else at a space, else anywhere between two
# characters; a link is never cut.
_BREAKS = (
    re.compile(r"[。！？!?…\n]+[”’」』）)]*"),
    re.compile(r"[；;，,、：:]+"),
    re.compile(r"\s+"),
)
_LINK = re.compile(r"https?://[^\s，。；！？（）()<>\"']+|<a\b[^>]*>.*?</a>", re.DOTALL)


def fit(draft: Draft, capabilities: Capabilities) -> Draft:
    """Cut text parts to what one message holds, room for the label included.

    What is more than `max_parts` messages is left out, and the last one says so by its ellipsis.
    """
    room = _room(capabilities)
    parts: list[Part] = []
    for part in draft.parts:
        if part.media_type is MediaType.TEXT:
            parts += [Part.of_text(piece) for piece in split(part.text, room)]
        else:
            parts.append(part)
    if len(parts) > capabilities.max_parts:
        # What stands apart at the end, such as that a person takes over, is not what is left out.
        kept = parts[-1:] if len(draft.parts) > 1 else []
        parts = parts[: capabilities.max_parts - len(kept)]
        parts[-1] = _shortened(parts[-1], room)
        parts += kept
    return Draft(tuple(parts), draft.origin)


@dataclass(frozen=True, slots=True)
class Room:
    """What one piece of text may have."""

    bytes: int
    """In UTF-8; at least 4, the longest character."""
    characters: int | None = None

    def longest(self, text: str) -> int:
        """Tell how many characters of a text it has room for, from its start."""
        fitting = len(text.encode()[: self.bytes].decode(errors="ignore"))
        return fitting if self.characters is None else min(fitting, self.characters)


def split(text: str, room: Room) -> list[str]:
    """Split text into pieces that each fit; joined they are the text."""
    pieces = []
    while (longest := room.longest(text)) < len(text):
        cut = _cut(text, longest)
        pieces.append(text[:cut])
        text = text[cut:]
    return [*pieces, text] if text or not pieces else pieces


def _room(capabilities: Capabilities) -> Room:
    characters = capabilities.max_text_characters
    return Room(
        bytes=capabilities.max_text_bytes - len(TEXT_NOTICE.encode()),
        characters=None if characters is None else characters - len(TEXT_NOTICE),
    )


def _cut(text: str, longest: int) -> int:
    """Find where the first piece ends, in characters."""
    for link in _LINK.finditer(text):
        if link.start() < longest < link.end() and link.start():
            longest = link.start()
    return next((cut for cut in _ends(text, longest) if cut), max(longest, 1))


def _ends(text: str, longest: int) -> Iterator[int]:
    head = text[:longest]
    links = [link.span() for link in _LINK.finditer(text)]
    for pattern in _BREAKS:
        ends = [
            found.end()
            for found in pattern.finditer(head)
            if not any(start < found.end() < end for start, end in links)
        ]
        # A break in the first third would make a bubble of a few words.
        if ends and ends[-1] > longest // 3:
            yield ends[-1]


def _shortened(part: Part, room: Room) -> Part:
    if part.media_type is not MediaType.TEXT:
        return part
    text = part.text
    while room.longest(text + _ELLIPSIS) < len(text + _ELLIPSIS):
        text = text[:-1]
    return Part.of_text(text.rstrip("。，、；：") + _ELLIPSIS)
