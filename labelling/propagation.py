"""What arrives from others: which of four outcomes it is, and our part of its label."""

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from labelling.identity import ProducerCode
from labelling.output import Aigc
from labelling.reader import Reading, Verdict
from labelling.wording import NOTICE


class Outcome(StrEnum):
    """What a propagator has to tell of content (Measures, Article 6)."""

    CONFIRMED = "confirmed"
    """Its metadata says that it is generated."""
    DECLARED = "declared"
    """Its metadata, or whoever brought it, says that it may be."""
    SUSPECTED = "suspected"
    """Nobody says so, but there are traces."""
    NONE = "none"
    """Nothing was found, which does not mean that no AI made it."""


NOTICES: Final = MappingProxyType(
    {
        Outcome.CONFIRMED: NOTICE,
        Outcome.DECLARED: "内容可能由AI生成",
        Outcome.SUSPECTED: "内容疑似由AI生成",
        Outcome.NONE: "",
    }
)
"""The words that stand around the content (Measures, Article 6)."""

_OUTCOMES = MappingProxyType(
    {
        Verdict.CONFIRMED: Outcome.CONFIRMED,
        Verdict.DECLARED: Outcome.DECLARED,
        Verdict.SUSPECTED: Outcome.SUSPECTED,
        # There is a label, but it cannot be relied on: a trace.
        Verdict.MALFORMED: Outcome.SUSPECTED,
        Verdict.CONFLICTING: Outcome.SUSPECTED,
    }
)
_LABELS = MappingProxyType({Outcome.CONFIRMED: "1", Outcome.DECLARED: "2", Outcome.SUSPECTED: "3"})


@dataclass(frozen=True, slots=True)
class Propagation:
    """What is to be told of content that arrived, and written into it."""

    outcome: Outcome
    notice: str
    """The words to show around it; empty where there is nothing to say."""
    aigc: Aigc | None
    """The label with our part in it; None where there is nothing to write."""


def outcome_of(reading: Reading, *, declared: bool) -> Outcome:
    """Decide from what was found and what the uploader says.

    A declaration outweighs traces, never a label: the metadata is checked first.
    """
    found = _OUTCOMES.get(reading.verdict, Outcome.NONE)
    if reading.fields is None and declared:
        return Outcome.DECLARED
    return found


def propagate(
    reading: Reading, *, declared: bool, platform: ProducerCode, content_id: str
) -> Propagation:
    """Make our part of the label of content that others made.

    Args:
        reading: What the reader found in it.
        declared: Whether the uploader says that it may be generated.
        platform: Our code.
        content_id: Our number of it.
    """
    outcome = outcome_of(reading, declared=declared)
    if outcome is Outcome.NONE:
        return Propagation(outcome, NOTICES[outcome], None)
    # The four values of the producer stay byte for byte; where there are none, none are made up.
    sound = reading.verdict in {Verdict.CONFIRMED, Verdict.DECLARED, Verdict.SUSPECTED}
    upstream = reading.fields if sound else None
    aigc = replace(
        upstream or Aigc(label=_LABELS[outcome], content_producer="", produce_id=""),
        content_propagator=platform.as_propagator,
        propagate_id=content_id,
        reserved_code2="",
    )
    return Propagation(outcome, NOTICES[outcome], aigc)
