"""The labelling stage: the only maker of what may leave."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from labelling import reader
from labelling._seal import SEAL
from labelling.content import Draft, MediaRef, MediaType, Origin, Part, Surface
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.identity import ProducerCode, generated_by
from labelling.marking import Marker, require_medium
from labelling.output import (
    Aigc,
    EventKind,
    LabelledEvent,
    LabelledOutput,
    LabelledPart,
    LabelRecord,
    PartRecord,
)
from labelling.policy import CARRIED, Due, Waiver, due
from labelling.propagation import Propagation, propagate
from labelling.wording import INTERFACE_NOTICE, NOTICE, TEXT_NOTICE, checked


class LabellingStage:
    """Labels drafts, reads them back and seals them; everything that leaves comes from here."""

    def __init__(
        self,
        producer: ProducerCode,
        *,
        now: Callable[[], datetime],
        new_content_id: Callable[[], str],
        marker: Marker | None = None,
    ) -> None:
        """Make a stage.

        Args:
            producer: Our provider code.
            now: The clock.
            new_content_id: Makes opaque random numbers for contents; they tell no time.
            marker: What writes the labels; what it leaves out, the reading back finds.
        """
        checked(NOTICE)
        self._producer = producer
        self._now = now
        self._new_content_id = new_content_id
        self._marker = marker or Marker()

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
            _label_part(part, rule, aigc, self._marker)
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
            waiver=waiver.reference if waiver and any(rule.waived for rule in rules) else "",
        )
        return _sealed([part for part, _ in done], record)

    def label_file(
        self,
        source: Path,
        target: Path,
        *,
        output_id: str,
        origin: Origin = Origin.GENERATED,
        surface: Surface = Surface.PLATFORM,
        waiver: Waiver | None = None,
        ancestor: Path | None = None,
    ) -> LabelRecord:
        """Label a file into another, which may be itself; a film never stands in memory.

        Args:
            source: What a model made.
            target: Where it goes; it is whole or as it was before.
            output_id: Under which the audit log knows it.
            origin: Who made it.
            surface: Where it will be seen.
            waiver: A request for it without the explicit label.
            ancestor: What a model's step made it from, named in the manifest.

        Raises:
            LabellingError: It could not be labelled; the target is as it was before.
        """
        aigc = generated_by(self._producer, self._new_content_id())
        media_type = reader.read_path(source).media_type
        rule = due(origin, media_type, surface, waiver)
        before = _digest_of(source)
        writers = self._marker.mark_file(
            source, target, rule, aigc, media_type=media_type, ancestor=ancestor
        )
        part = PartRecord(media_type, before, _digest_of(target), writers)
        return LabelRecord(
            output_id=output_id,
            origin=origin,
            labelled_at=self._now(),
            surface=surface.value,
            rule=rule.rule,
            aigc=aigc if rule.implicit else None,
            parts=(part,),
            waiver=waiver.reference if waiver and rule.waived else "",
        )

    def propagate_file(self, source: Path, target: Path, *, declared: bool) -> Propagation:
        """Take on a file that others made: our part goes into its label, theirs stays.

        Args:
            source: What was brought.
            target: Where it goes with the label; as it is where nothing was found.
            declared: Whether the uploader says that it may be generated.

        Raises:
            LabellingError: It could not be read or written; the target is as it was before.
        """
        reading = reader.read_path(source)
        made = propagate(
            reading,
            declared=declared,
            platform=self._producer,
            content_id=self._new_content_id(),
        )
        rule = CARRIED if made.aigc else due(Origin.HUMAN, reading.media_type, Surface.PLATFORM)
        aigc = made.aigc or Aigc("", "", "")
        self._marker.mark_file(
            source,
            target,
            rule,
            aigc,
            media_type=reading.media_type,
            ancestor=source if made.aigc else None,
        )
        return made

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
            marker=self._marker,
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
        marker: Marker,
    ) -> None:
        """Made by `LabellingStage.label_stream`; `shown` is taken over, `number` events left."""
        self._run_id = run_id
        self._output_id = output_id
        self._surface = surface
        self._aigc = aigc
        self._shown = shown
        self._now = now
        self._marker = marker
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
        require_medium(MediaType.TEXT, text.encode())
        self._shown.append(text)
        return self._event(EventKind.SENTENCE, text)

    def end(self, kind: EventKind = EventKind.END) -> tuple[LabelledEvent, LabelledOutput]:
        """Give the last event, which repeats the label, and the whole as an output.

        Raises:
            LabellingError: Nothing was said, or the label did not hold.
        """
        part = Part.of_text(self.text)
        rule = due(Origin.GENERATED, part.media_type, self._surface)
        labelled, part_record = _label_part(part, rule, self._aigc, self._marker)
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


def _label_part(part: Part, rule: Due, aigc: Aigc, marker: Marker) -> tuple[Part, PartRecord]:
    if isinstance(part.content, MediaRef):
        msg = f"{part.media_type.value!r} in the media store cannot be labelled yet"
        raise UnsupportedMediaError(msg)
    content, writers = marker.mark(part.content, part.media_type, rule, aigc)
    labelled = Part(part.media_type, content)
    record = PartRecord(
        media_type=part.media_type,
        digest_before=_digest(part),
        digest_after=_digest(labelled),
        writers=writers,
    )
    return labelled, record


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        msg = f"{path.name!r} cannot be read: {error.strerror}"
        raise LabellingError(msg) from error


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
