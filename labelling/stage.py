"""The labelling stage: the only maker of what may leave."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from labelling import reader
from labelling._seal import SEAL
from labelling.content import Draft, MediaRef, MediaType, Origin, Part, Surface
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.identity import ProducerCode, generated_by
from labelling.output import (
    Aigc,
    EventKind,
    LabelledEvent,
    LabelledOutput,
    LabelledPart,
    LabelRecord,
    PartRecord,
)
from labelling.policy import Due, Waiver, due
from labelling.sniff import sniff
from labelling.wording import INTERFACE_NOTICE, NOTICE, TEXT_NOTICE, checked
from labelling.writers.base import Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS


class LabellingStage:
    """Labels drafts, reads them back and seals them; everything that leaves comes from here."""

    def __init__(
        self,
        producer: ProducerCode,
        *,
        now: Callable[[], datetime],
        new_content_id: Callable[[], str],
        chains: Mapping[MediaType, tuple[LabelWriter, ...]] = CHAINS,
    ) -> None:
        """Make a stage.

        Args:
            producer: Our provider code.
            now: The clock.
            new_content_id: Makes opaque random numbers for contents; they tell no time.
            chains: What writes the labels; what it leaves out, the reading back finds.
        """
        checked(NOTICE)
        self._producer = producer
        self._now = now
        self._new_content_id = new_content_id
        self._chains = chains

    def label(
        self, draft: Draft, *, output_id: str, surface: Surface, waiver: Waiver | None = None
    ) -> LabelledOutput:
        """Label every part of the draft, read each back, and seal the whole.

        Raises:
            LabellingError: A part could not be labelled; nothing may leave.
        """
        if not draft.parts:
            msg = f"output {output_id!r} has no parts"
            raise LabellingError(msg)
        aigc = generated_by(self._producer, self._new_content_id())
        rules = [due(draft.origin, part.media_type, surface, waiver) for part in draft.parts]
        done = [
            _label_part(part, rule, aigc, self._chains)
            for part, rule in zip(draft.parts, rules, strict=True)
        ]
        record = LabelRecord(
            output_id=output_id,
            origin=draft.origin,
            labelled_at=self._now(),
            surface=surface.value,
            rule=rules[0].rule,
            aigc=aigc if any(rule.implicit for rule in rules) else None,
            parts=tuple(part_record for _, part_record in done),
        )
        return _sealed([part for part, _ in done], record)

    def label_stream(
        self,
        *,
        run_id: str,
        output_id: str,
        surface: Surface,
        shown: Sequence[str] = (),
        aigc: Aigc | None = None,
    ) -> "EventStream":
        """Open the label of a live answer.

        Args:
            run_id: The run its events belong to.
            output_id: The output it will be, once it has ended.
            surface: Where it is shown.
            shown: Sentences that left before a crash.
            aigc: The label that left before a crash, with or without sentences after it.

        Raises:
            LabellingError: Sentences were shown, and the label they left under is missing.
        """
        if shown and aigc is None:
            msg = f"run {run_id!r} showed sentences under a label, which must be handed in"
            raise LabelMissingError(msg)
        return EventStream(
            run_id=run_id,
            output_id=output_id,
            surface=surface,
            aigc=aigc or generated_by(self._producer, self._new_content_id()),
            shown=list(shown),
            # The label event came first, and then what was shown.
            number=len(shown) + 1 if aigc else 0,
            now=self._now,
            chains=self._chains,
        )

    def restore(self, parts: Iterable[Part], record: LabelRecord) -> LabelledOutput:
        """Make the output again from what was stored with its record.

        Raises:
            LabellingError: These are not the parts that were labelled.
        """
        stored = tuple(parts)
        digests = [_digest(part) for part in stored]
        kinds = [part.media_type for part in stored]
        if digests != [part.digest_after for part in record.parts] or kinds != [
            part.media_type for part in record.parts
        ]:
            msg = (
                f"the stored parts of output {record.output_id!r} are not those that were labelled"
            )
            raise LabellingError(msg)
        return _sealed(stored, record)

    def announce(self, part: LabelledPart, *, output_id: str, key: str) -> LabelledEvent:
        """Make a labelled text part an event, for a front that shows events; `key` is its run."""
        return LabelledEvent(
            run_id=key,
            number=1,
            kind=EventKind.MESSAGE,
            text=part.text,
            aigc=part.aigc,
            output_id=output_id,
            seal=SEAL,
        )

    def restore_event(
        self,
        *,
        run_id: str,
        output_id: str,
        number: int,
        kind: EventKind,
        text: str,
        aigc: Aigc | None,
        digest: str = "",
    ) -> LabelledEvent:
        """Make an event again from what was stored under an authenticated cipher.

        Raises:
            LabellingError: It is not an event that can have left.
        """
        labels = {EventKind.LABEL, EventKind.END, EventKind.INTERRUPTED}
        if kind is not EventKind.MESSAGE and aigc is None:
            msg = f"event {number} of run {run_id!r} was stored without its label"
            raise LabelMissingError(msg)
        return LabelledEvent(
            run_id=run_id,
            number=number,
            kind=kind,
            text=checked(text) if kind in labels else text,
            aigc=aigc,
            output_id=output_id,
            digest=digest,
            seal=SEAL,
        )


class EventStream:
    """The label of one live answer: the words go out sentence by sentence, the label first."""

    def __init__(
        self,
        *,
        run_id: str,
        output_id: str,
        surface: Surface,
        aigc: Aigc,
        shown: list[str],
        number: int,
        now: Callable[[], datetime],
        chains: Mapping[MediaType, tuple[LabelWriter, ...]],
    ) -> None:
        """Made by `LabellingStage.label_stream`; `shown` is taken over, `number` events left."""
        self._run_id = run_id
        self._output_id = output_id
        self._surface = surface
        self._aigc = aigc
        self._shown = shown
        self._now = now
        self._chains = chains
        self._number = number

    @property
    def text(self) -> str:
        """All words so far, without the label."""
        return "".join(self._shown)

    def open(self) -> LabelledEvent:
        """Give the first event: the label, before any word."""
        return self._event(EventKind.LABEL, checked(INTERFACE_NOTICE))

    def sentence(self, text: str) -> LabelledEvent:
        """Give the event of a finished sentence.

        Raises:
            LabellingError: The label was not opened, or the sentence is empty or no text.
        """
        if not self._number or not text:
            msg = f"run {self._run_id!r}: a sentence needs words, and the label before it"
            raise LabellingError(msg)
        # What cannot be labelled when the answer ends must not be shown before it ends.
        _require_medium(MediaType.TEXT, text.encode())
        self._shown.append(text)
        return self._event(EventKind.SENTENCE, text)

    def end(self, kind: EventKind = EventKind.END) -> tuple[LabelledEvent, LabelledOutput]:
        """Give the last event, which repeats the label, and the whole as an output.

        Raises:
            LabellingError: Nothing was said, or the label did not hold.
        """
        part = Part.of_text(self.text)
        rule = due(Origin.GENERATED, part.media_type, self._surface)
        labelled, part_record = _label_part(part, rule, self._aigc, self._chains)
        record = LabelRecord(
            output_id=self._output_id,
            origin=Origin.GENERATED,
            labelled_at=self._now(),
            surface=self._surface.value,
            rule=rule.rule,
            aigc=self._aigc,
            parts=(part_record,),
        )
        event = self._event(kind, TEXT_NOTICE, digest=part_record.digest_after, record=record)
        return event, _sealed([labelled], record)

    def _event(
        self, kind: EventKind, text: str, *, digest: str = "", record: LabelRecord | None = None
    ) -> LabelledEvent:
        self._number += 1
        return LabelledEvent(
            run_id=self._run_id,
            number=self._number,
            kind=kind,
            text=text,
            aigc=self._aigc,
            output_id=self._output_id,
            digest=digest,
            record=record,
            seal=SEAL,
        )


def _label_part(
    part: Part, rule: Due, aigc: Aigc, chains: Mapping[MediaType, tuple[LabelWriter, ...]]
) -> tuple[Part, PartRecord]:
    chain = _chain(part.media_type, chains)
    if isinstance(part.content, MediaRef):
        msg = f"{part.media_type.value!r} in the media store cannot be labelled yet"
        raise UnsupportedMediaError(msg)
    _require_medium(part.media_type, part.content)
    wanted = {Kind.EXPLICIT: rule.explicit, Kind.IMPLICIT: rule.implicit}
    writers = [writer for writer in chain if wanted[writer.kind]]
    content = part.content
    for writer in writers:
        content = writer.write(content, Label(NOTICE, aigc))
    labelled = Part(part.media_type, content)
    _read_back(labelled, rule)
    record = PartRecord(
        media_type=part.media_type,
        digest_before=_digest(part),
        digest_after=_digest(labelled),
        writers=tuple(writer.name for writer in writers),
    )
    return labelled, record


def _require_medium(media_type: MediaType, content: bytes) -> None:
    if not content or sniff(content) is not media_type:
        msg = f"a part is declared {media_type.value!r}, but its bytes are not"
        raise UnsupportedMediaError(msg)


def _chain(
    media_type: MediaType, chains: Mapping[MediaType, tuple[LabelWriter, ...]]
) -> tuple[LabelWriter, ...]:
    try:
        return chains[media_type]
    except KeyError:
        msg = f"{media_type.value!r} cannot be labelled yet, so it cannot leave; send text instead"
        raise UnsupportedMediaError(msg) from None


def _read_back(part: Part, rule: Due) -> None:
    # By the tolerant reader, not by the writer: one that is wrong the same way twice is caught.
    assert isinstance(part.content, bytes)
    if rule.explicit and reader.read(part.media_type, part.content).explicit is None:
        msg = f"the explicit label of a {part.media_type.value!r} part was not found after writing"
        raise LabelMissingError(msg)


def _digest(part: Part) -> str:
    if isinstance(part.content, MediaRef):
        return part.content.digest
    return hashlib.sha256(part.content).hexdigest()


def _sealed(parts: Iterable[Part], record: LabelRecord) -> LabelledOutput:
    return LabelledOutput(
        parts=tuple(
            LabelledPart(
                media_type=part.media_type,
                content=part.content,
                origin=record.origin,
                aigc=record.aigc,
                seal=SEAL,
            )
            for part in parts
        ),
        record=record,
        seal=SEAL,
    )
