"""What may leave: sealed values that only the labelling stage can make."""

from dataclasses import InitVar, dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn, final

from typing_extensions import override

from labelling._seal import SEAL as _SEAL
from labelling._seal import Seal as _Seal
from labelling.content import MediaRef, MediaType, Origin


@dataclass(frozen=True, slots=True)
class Aigc:
    """The value of the `AIGC` metadata (GB 45438-2025 Annex E): seven strings, in this order."""

    label: str
    """`1` is generated, `2` may be, `3` is suspected."""
    content_producer: str
    produce_id: str
    reserved_code1: str = ""
    content_propagator: str = ""
    propagate_id: str = ""
    reserved_code2: str = ""

    def as_dict(self) -> dict[str, str]:
        """Give the object as it stands in metadata, keys in the standard's order."""
        return {
            "Label": self.label,
            "ContentProducer": self.content_producer,
            "ProduceID": self.produce_id,
            "ReservedCode1": self.reserved_code1,
            "ContentPropagator": self.content_propagator,
            "PropagateID": self.propagate_id,
            "ReservedCode2": self.reserved_code2,
        }


@dataclass(frozen=True, slots=True)
class PartRecord:
    """What was done to one part."""

    media_type: MediaType
    digest_before: str
    digest_after: str
    """SHA-256 of the bytes in hex, of the draft's part and of the part that may leave."""
    writers: tuple[str, ...]
    """Names of the writers that were due, in order; empty where nothing was due."""


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """What the audit log keeps of one labelling."""

    output_id: str
    origin: Origin
    labelled_at: datetime
    surface: str
    rule: str
    """The clause that decided what was due."""
    aigc: Aigc | None
    """None where no implicit label was due."""
    parts: tuple[PartRecord, ...]
    waiver: str = ""
    """Reference of the waiver under which the explicit label was left out."""


class _Uncopyable:
    """Values that cannot be made but by their constructor."""

    __slots__ = ()

    def __copy__(self) -> NoReturn:
        self._refuse()

    def __deepcopy__(self, memo: dict[int, object]) -> NoReturn:
        self._refuse()

    @override
    def __reduce_ex__(self, protocol: object) -> NoReturn:
        self._refuse()

    def _refuse(self) -> NoReturn:
        msg = f"{type(self).__name__} cannot be copied: label it, or restore it from the outbox"
        raise TypeError(msg)


def _check(owner: object, seal: object) -> None:
    if seal is not _SEAL:
        msg = f"{type(owner).__name__} is made by the labelling stage alone"
        raise TypeError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledPart(_Uncopyable):
    """One piece that may be sent as one message."""

    media_type: MediaType
    content: bytes | MediaRef
    origin: Origin
    aigc: Aigc | None
    """The implicit label; None where none was due."""
    # Not kept: what is not on the value can be neither read off it nor passed on by `replace`.
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        _check(self, seal)

    @property
    def text(self) -> str:
        """The words of a text part.

        Raises:
            TypeError: The part is not text.
        """
        if self.media_type is not MediaType.TEXT or isinstance(self.content, MediaRef):
            msg = f"a part of {self.media_type.value!r} has no text"
            raise TypeError(msg)
        return self.content.decode()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledOutput(_Uncopyable):
    """What may leave: every part labelled as due, read back and sealed."""

    parts: tuple[LabelledPart, ...]
    record: LabelRecord
    # Not kept: what is not on the value can be neither read off it nor passed on by `replace`.
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        _check(self, seal)


class EventKind(StrEnum):
    """What a labelled event of a live answer is."""

    LABEL = "label"
    """The first: the label, before any word."""
    SENTENCE = "sentence"
    END = "end"
    """The last: the label again, with the digest of the whole."""
    INTERRUPTED = "interrupted"
    """The last where the answer broke off: what was shown stays and is marked."""
    MESSAGE = "message"
    """A whole message in one event, such as a person's reply; its own label stands in its text."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledEvent(_Uncopyable):
    """What a front of our own may push; numbered from 1 within its run."""

    run_id: str
    number: int
    kind: EventKind
    text: str
    """The words in a `SENTENCE` or a `MESSAGE`; the explicit wording in the others."""
    aigc: Aigc | None
    """None in a person's `MESSAGE`."""
    output_id: str
    digest: str = ""
    """SHA-256, in hex, of the run's words with the notice after them; only in the last event."""
    record: LabelRecord | None = None
    """What the audit log keeps; only in the last event."""
    # Not kept: what is not on the value can be neither read off it nor passed on by `replace`.
    seal: InitVar[_Seal]

    def __post_init__(self, seal: _Seal) -> None:
        _check(self, seal)
