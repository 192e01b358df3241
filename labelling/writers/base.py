"""The contract of everything that writes a label."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

from labelling.output import Aigc


class Kind(StrEnum):
    """Which of the two labels a writer writes."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True)
class Label:
    """What is to be written."""

    notice: str
    """The explicit wording, both elements in it."""
    aigc: Aigc


class LabelWriter(Protocol):
    """Writes one kind of label into one family of media; stateless.

    Laws, each a case of the conformance suite:
    it finds nothing in unmarked content; it reads back what it wrote; writing twice is writing
    once; the media type stays; an implicit writer leaves pixels, samples and words as they were.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    def write(self, content: bytes, label: Label) -> bytes:
        """Give the content with the label in it.

        Raises:
            LabellingError: The label cannot be written into this content.
        """
        ...

    def read(self, content: bytes) -> str | None:
        """Give the wording or the `AIGC` value that this writer wrote, or None."""
        ...


@runtime_checkable
class FileLabelWriter(LabelWriter, Protocol):
    """A writer that also goes from file to file, for media too large to stand in memory.

    Laws beside those of `LabelWriter`:
    both forms give the same bytes; the source stays as it was; the target is whole or is not
    there, and one that was there before a failure is still the old one; memory does not grow with
    the file.
    """

    def write_file(self, source: Path, target: Path, label: Label) -> None:
        """Write the source with the label in it to the target, which may be the source itself.

        Raises:
            LabellingError: The label cannot be written, or a file cannot be read or written.
        """
        ...

    def read_file(self, path: Path) -> str | None:
        """Give what `read` gives of the file's bytes.

        Raises:
            LabellingError: The file cannot be read.
        """
        ...
