"""XML without entities and document types, bounded in depth and size."""

from collections.abc import Callable
from xml.parsers import expat

from labelling.reading.source import LARGEST_PACKET, BrokenError

_DEEPEST = 64
_MOST_ELEMENTS = 200_000


class Walk:
    """Calls back for every element; names are as they stand there, prefix and all."""

    def __init__(
        self,
        started: Callable[[str, dict[str, str]], None],
        ended: Callable[[str, str], None],
    ) -> None:
        """Make a walk.

        Args:
            started: Takes a name and attributes.
            ended: Takes a name and the characters since the last start or end.
        """
        self._started = started
        self._ended = ended
        self._text: list[str] = []
        self._depth = 0
        self._elements = 0

    def over(self, document: bytes, largest: int = LARGEST_PACKET) -> None:
        """Walk a document.

        Raises:
            BrokenError: It is no XML, too large or too deep, or has a document type.
        """
        if len(document) > largest:
            msg = f"an XML document of {len(document)} bytes is larger than {largest}"
            raise BrokenError(msg)
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = _refuse_document_type
        try:
            parser.Parse(document, True)  # noqa: FBT003 -- expat takes it by place only
        except (expat.ExpatError, ValueError, LookupError) as error:
            msg = f"XML is not well-formed: {error}"
            raise BrokenError(msg) from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            msg = "XML has too many elements, or too deep ones"
            raise BrokenError(msg)
        self._text.clear()
        self._started(name, attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        text = "".join(self._text)
        self._text.clear()
        self._ended(name, text)


def _refuse_document_type(*_declared: object) -> None:
    # Entities can be declared nowhere else, so none is ever expanded.
    msg = "XML with a document type is not read"
    raise BrokenError(msg)


def local(name: str) -> str:
    """Give a name without its prefix."""
    return name.rpartition(":")[2]
