"""Content through its chain of writers, and read back: the one way a label is written."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from labelling import reader
from labelling.content import MANIFEST_MEDIA, MediaType
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.output import Aigc
from labelling.policy import Due
from labelling.reader import Reading, Verdict
from labelling.sniff import sniff
from labelling.wording import NOTICE
from labelling.writers.base import FileLabelWriter, Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS

if TYPE_CHECKING:
    from labelling.manifest import ManifestSigner

MANIFEST = "c2pa"
"""How the manifest is named among the writers."""

_TEXTS = frozenset(
    {
        MediaType.TEXT,
        MediaType.SVG,
        MediaType.MARKDOWN,
        MediaType.HTML,
        MediaType.CSV,
        MediaType.JSON,
    }
)
"""What no signature tells apart: a message may begin with a tag or a brace."""
_READ_AS_WORDS = frozenset({*_TEXTS, MediaType.DOCX, MediaType.XLSX, MediaType.PPTX})
"""Where the reader sees the explicit label itself; in pictures, films and sounds it cannot."""
_WITHOUT_PLACE = frozenset({MediaType.TEXT, MediaType.CSV})
"""Where bytes have no place for the implicit label: it goes beside them."""
_UNSOUND = frozenset({Verdict.MALFORMED, Verdict.CONFLICTING})
_MOST_IN_MEMORY = 256 << 20
"""Bytes of a file whose writers only know bytes: pictures and documents."""


@dataclass(frozen=True, slots=True)
class Marker:
    """The chains of all media, with the signer of manifests where there is one."""

    chains: Mapping[MediaType, tuple[LabelWriter, ...]] = field(default_factory=lambda: CHAINS)
    manifests: "Callable[[], ManifestSigner | None]" = lambda: None
    """Asked when a medium takes a manifest: most processes only ever label text."""

    def mark(
        self,
        content: bytes,
        media_type: MediaType,
        rule: Due,
        aigc: Aigc,
        ancestor: bytes | None = None,
    ) -> tuple[bytes, tuple[str, ...]]:
        """Write what is due into content and read it back; give it with the writers' names.

        Raises:
            LabellingError: It is not what it is said to be, or a label could not be written or was
                not found afterwards.
        """
        writers = self._due(media_type, rule)
        require_medium(media_type, content)
        for writer in writers:
            content = writer.write(content, Label(NOTICE, aigc))
        signer = self._signer(media_type, rule)
        if signer is not None:
            content = signer.sign(content, media_type, ancestor)
        if rule.explicit or rule.implicit:
            reading = reader.read(media_type, content)
            marked = partial(_marked, content, writers)
            _check(reading, rule, aigc, marked, signed=signer is not None)
        return content, _names(writers, signer)

    def mark_file(
        self,
        source: Path,
        target: Path,
        rule: Due,
        aigc: Aigc,
        *,
        media_type: MediaType,
        ancestor: Path | None = None,
    ) -> tuple[str, ...]:
        """Do what `mark` does from file to file; the target is whole or as it was before.

        The medium is the one that the reader found in the source.

        Raises:
            LabellingError: As for `mark`; also, a file could not be read or written, or changed
                while it was read.
        """
        writers = self._due(media_type, rule)
        with _steps(source, target) as steps:
            for writer in writers:
                steps.take(writer, Label(NOTICE, aigc))
            signer = self._signer(media_type, rule)
            if signer is not None:
                steps.sign(signer, media_type, ancestor)
            if rule.explicit or rule.implicit:
                reading = reader.read_path(steps.current)
                marked = partial(_marked_file, steps.current, writers)
                _check(reading, rule, aigc, marked, signed=signer is not None)
            if rule.implicit and media_type in _WITHOUT_PLACE:
                _put_beside(target, aigc)
        return _names(writers, signer)

    def _due(self, media_type: MediaType, rule: Due) -> tuple[LabelWriter, ...]:
        chain = self.chains.get(media_type)
        if chain is None:
            msg = (
                f"{media_type.value!r} cannot be labelled, so it cannot leave: "
                "send text instead, or convert it"
            )
            raise UnsupportedMediaError(msg)
        wanted = {Kind.EXPLICIT: rule.explicit, Kind.IMPLICIT: rule.implicit}
        return tuple(writer for writer in chain if wanted[writer.kind])

    def _signer(self, media_type: MediaType, rule: Due) -> "ManifestSigner | None":
        return self.manifests() if rule.implicit and media_type in MANIFEST_MEDIA else None


def require_medium(media_type: MediaType, content: bytes) -> None:
    """Make sure that bytes are of the medium they are declared to be.

    Raises:
        UnsupportedMediaError: They are not.
    """
    written = MediaType.TEXT if media_type in _TEXTS else media_type
    if not content or sniff(content) is not written:
        msg = f"a part is declared {media_type.value!r}, but its bytes are not"
        raise UnsupportedMediaError(msg)


def _names(writers: Sequence[LabelWriter], signer: "ManifestSigner | None") -> tuple[str, ...]:
    return (*(writer.name for writer in writers), *([MANIFEST] if signer else []))


def _marked(content: bytes, writers: Sequence[LabelWriter]) -> bool:
    explicit = [writer for writer in writers if writer.kind is Kind.EXPLICIT]
    return bool(explicit) and all(writer.read(content) is not None for writer in explicit)


def _marked_file(path: Path, writers: Sequence[LabelWriter]) -> bool:
    explicit = [writer for writer in writers if writer.kind is Kind.EXPLICIT]
    found = [
        writer.read_file(path)
        if isinstance(writer, FileLabelWriter)
        else writer.read(_loaded(path))
        for writer in explicit
    ]
    return bool(found) and None not in found


def _check(
    reading: Reading, rule: Due, aigc: Aigc, marked: Callable[[], bool], *, signed: bool
) -> None:
    """Make sure that all that was due is found.

    By the tolerant reader wherever it can see: a writer that is wrong the same way twice is caught.
    Elsewhere the writer looks for its own mark.
    """
    medium = reading.media_type
    seen = reading.explicit is not None or (medium not in _READ_AS_WORDS and marked())
    if rule.explicit and not seen:
        msg = f"the explicit label of a {medium.value!r} part was not found after writing"
        raise LabelMissingError(msg)
    unsound = reading.fields != aigc or reading.verdict in _UNSOUND
    if rule.implicit and medium not in _WITHOUT_PLACE and unsound:
        msg = f"the implicit label of a {medium.value!r} part was not found as it was written"
        raise LabelMissingError(msg)
    if signed and not reading.c2pa:
        msg = f"the manifest of a {medium.value!r} part was not found after signing"
        raise LabelMissingError(msg)


class _Steps:
    """Files from one writer to the next, in a folder that goes with them."""

    def __init__(self, source: Path, folder: Path) -> None:
        self.current = source
        self._folder = folder
        self._count = 0

    def take(self, writer: LabelWriter, label: Label) -> None:
        """Let a writer write, from file to file where it can."""
        following = self._next()
        if isinstance(writer, FileLabelWriter):
            writer.write_file(self.current, following, label)
        else:
            following.write_bytes(writer.write(_loaded(self.current), label))
        self.current = following

    def sign(self, signer: "ManifestSigner", media_type: MediaType, ancestor: Path | None) -> None:
        """Let the manifest be written."""
        following = self._next()
        with self.current.open("rb") as source, following.open("w+b") as target:
            if ancestor is None:
                signer.sign_stream(source, media_type, target)
            else:
                with ancestor.open("rb") as upstream:
                    signer.sign_stream(source, media_type, target, upstream)
        self.current = following

    def _next(self) -> Path:
        self._count += 1
        return self._folder / f"{self._count}{self.current.suffix}"


@contextmanager
def _steps(source: Path, target: Path) -> Iterator[_Steps]:
    try:
        before = _stamp(source)
        with tempfile.TemporaryDirectory(prefix=".label-", dir=target.parent) as folder:
            steps = _Steps(source, Path(folder))
            yield steps
            if _stamp(source) != before:
                msg = f"{source.name!r} changed while it was read"
                raise LabellingError(msg)
            _publish(steps.current, source, target)
    except OSError as error:
        msg = f"{source.name!r} cannot be labelled into {target.name!r}: {error.strerror}"
        raise LabellingError(msg) from error


def _publish(made: Path, source: Path, target: Path) -> None:
    """Put the last file in its place; it is on the disk before it has its name."""
    if made == source:
        if source != target:
            target.write_bytes(source.read_bytes())
        return
    with made.open("rb") as file:
        os.fsync(file.fileno())
    with suppress(OSError):
        made.chmod(source.stat().st_mode)
    made.replace(target)


def _put_beside(target: Path, aigc: Aigc) -> None:
    """Write the implicit label of text, which has no place for it, into a file of its own."""
    beside = target.with_name(f"{target.name}.aigc.json")
    unfinished = beside.with_name(f"{beside.name}.part")
    try:
        unfinished.write_text(json.dumps(aigc.as_dict(), ensure_ascii=False), encoding="utf-8")
        unfinished.replace(beside)
    finally:
        unfinished.unlink(missing_ok=True)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _loaded(path: Path) -> bytes:
    if path.stat().st_size > _MOST_IN_MEMORY:
        msg = f"{path.name!r} is larger than {_MOST_IN_MEMORY >> 20} MB, too large for its medium"
        raise UnsupportedMediaError(msg)
    return path.read_bytes()
