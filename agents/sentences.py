"""A stream of deltas, cut into finished sentences."""

import re
from collections.abc import Iterator

# ASCII marks end a sentence only before a blank or a Chinese character, so that 3.5 and addresses
# stay whole. Closing marks and citations that follow an end belong to the sentence they close.
_END = re.compile(
    r"(?:[。！？；…\n]|(?:(?<!\d)\.|[!?;])(?=[\s一-龥]))[。！？；…!?\s”’』」》）)]*(?:[\[［]\d{1,2}[\]］]\s*)*"
)
_OPEN_CITATION = re.compile(r"[\[［]\d{0,2}")
_PAUSES = "，,、：: "
_OPENING = "〔[［"
_CLOSING = "〕]］"


class SentenceSplitter:
    """Holds deltas back to the end of a sentence, or to `limit` characters at most.

    Laws: the sentences joined are the deltas joined; where the deltas were cut makes no difference.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = ""

    def feed(self, delta: str) -> Iterator[str]:
        """Take a delta and give the sentences it finished."""
        self._held += delta
        while end := self._end():
            yield self._take(end)

    def flush(self) -> Iterator[str]:
        """Give what is still held, finished or not."""
        while self._held:
            match = _END.search(self._held)
            end = match.end() if match else len(self._held)
            yield self._take(end if end <= self._limit else _pause(self._held, self._limit))

    def _take(self, end: int) -> str:
        sentence, self._held = self._held[:end], self._held[end:]
        return sentence

    def _end(self) -> int:
        match = _END.search(self._held)
        if match and match.end() <= self._limit and _is_settled(self._held, match.end()):
            return match.end()
        return _pause(self._held, self._limit) if len(self._held) > self._limit + 3 else 0


def _is_settled(text: str, end: int) -> bool:
    """Tell whether no delta to come can make the sentence longer: a citation may be half here."""
    return end < len(text) and _OPEN_CITATION.fullmatch(text, end) is None


def _pause(text: str, limit: int) -> int:
    held = text[:limit]
    pause = max(map(held.rfind, _PAUSES)) + 1
    if pause > 1:
        return pause
    opened = max(map(held.rfind, _OPENING))
    return opened if opened > max(0, *map(held.rfind, _CLOSING)) else limit
