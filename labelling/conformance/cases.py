"""The cases: what a file holds, and what a reader ought to say of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from labelling.conformance.carriers import Carrier

PRODUCER = "001191000000000000000K10001"
"""A provider code with a valid check digit that belongs to nobody."""


class Group(StrEnum):
    """What a case tries."""

    VALID = "valid"
    SLOPPY = "sloppy"
    """A label that is not as it should be and can be read all the same."""
    NEAR_MISS = "near-miss"
    """What looks like a label and is none, or is one that says nothing."""
    UNLABELLED = "unlabelled"
    DUPLICATED = "duplicated"
    CONFLICTING = "conflicting"
    TRUNCATED = "truncated"
    HOSTILE = "hostile"


@dataclass(frozen=True, slots=True)
class Case:
    """One file and the verdicts that are right for it."""

    name: str
    group: Group
    suffix: str
    content: bytes
    verdicts: tuple[str, ...]
    """The first is the best one; `refused` is that a reader says it cannot read the file."""
    label: str | None = None
    strict: bool | None = None
    """Whether the label is as a strict writer would have written it; None where that is open."""
    beside: str | None = None
    """The contents of the note beside the file, `<name>.aigc.json`."""


def members(label: object = "1", **changes: object) -> dict[str, object]:
    """Give the seven members, with changes."""
    made: dict[str, object] = {
        "Label": label,
        "ContentProducer": PRODUCER,
        "ProduceID": "case-1",
        "ReservedCode1": "",
        "ContentPropagator": PRODUCER,
        "PropagateID": "case-1",
        "ReservedCode2": "",
    }
    return made | changes


def value(label: object = "1", **changes: object) -> str:
    """Give a label's value as a strict writer serialises it."""
    return json.dumps(members(label, **changes), separators=(",", ":"), ensure_ascii=False)


def _renamed(**names: str) -> str:
    return json.dumps({names.get(key, key): text for key, text in members().items()})


def _without(*keys: str) -> str:
    return json.dumps({key: text for key, text in members().items() if key not in keys})


# name, group, value, verdict, label, strict
_Variant = tuple[str, Group, str, str, str | None, bool]


def _variants() -> Iterator[_Variant]:
    """Give what may stand in a label's place, whatever the medium."""
    nobody = value("3", ContentProducer="", ProduceID="")
    yield "generated", Group.VALID, value("1"), "confirmed", "1", True
    yield "declared", Group.VALID, value("2"), "declared", "2", True
    yield "suspected", Group.VALID, value("3"), "suspected", "3", True
    yield "unknown-producer", Group.VALID, nobody, "suspected", "3", True
    for name, text in _sloppy():
        yield name, Group.SLOPPY, text, "confirmed", "1", False
    for name, text in (
        ("label-zero", value("0")),
        ("label-missing", _without("Label")),
        ("cut", value()[:50]),
        ("no-object", '"AI"'),
    ):
        yield name, Group.NEAR_MISS, text, "malformed", None, False
    for name, text in (
        ("too-deep", '{"Label":' + "[" * 3000),
        ("too-large", value(ReservedCode1="x" * 70_000)),
    ):
        yield name, Group.HOSTILE, text, "malformed", None, False


def _sloppy() -> Iterator[tuple[str, str]]:
    """Give what has been seen in use (labels of 21 vendors), and can be read all the same."""
    old = {
        "ReservedCode1": "ReserveCode1",
        "ContentPropagator": "Propagator",
        "PropagateID": "PropatorID",
    }
    snake = {"ProduceID": "produce_id", "ContentProducer": "content_producer"}
    yield "old-key-names", _renamed(**old)
    yield "snake-case", _renamed(**snake)
    yield "extra-key", value(Timestamp="1")
    yield "reserved-missing", _without("ReservedCode1", "ReservedCode2")
    yield "backwards", json.dumps(dict(reversed(members().items())))
    yield "label-as-number", value(1)
    yield "label-as-word", value("AIGC")
    yield "name-for-code", value(ContentProducer="kling")
    yield "name-with-space", value(ContentProducer="MiniMax Agent AI")
    yield "wrong-check-digit", value(ContentProducer=PRODUCER.replace("K1", "A1"))
    yield "null-member", value(ReservedCode1=None)
    yield "object-member", value(ReservedCode1={"SecurityData": {"Type": "TC260PG"}})
    yield "wrapped", json.dumps({"AIGC": members()})


def of_medium(carrier: Carrier) -> Iterator[Case]:
    """Give the cases that every medium has."""
    yield Case(
        f"{carrier.name}/unlabelled",
        Group.UNLABELLED,
        carrier.suffix,
        carrier.plain(),
        ("absent",),
    )
    for variant in _variants():
        if len(variant[2]) <= carrier.longest and not _impossible(carrier, variant[0]):
            yield _case(carrier, variant)
    yield from _cut(carrier)


def _impossible(carrier: Carrier, variant: str) -> bool:
    # The member of a JSON file is an object of its own: there is nothing around it to be sloppy.
    return (carrier.name, variant) == ("json", "wrapped")


def _case(carrier: Carrier, variant: _Variant) -> Case:
    name, group, text, verdict, label, strict = variant
    made = carrier.put(text)
    return Case(
        f"{carrier.name}/{name}",
        group,
        carrier.suffix,
        carrier.plain() if carrier.beside else made,
        # A file that is broken by what stands in it may be refused as well.
        (verdict, "refused") if verdict == "malformed" else (verdict,),
        label if verdict != "malformed" else None,
        strict,
        made.decode() if carrier.beside else None,
    )


def _cut(carrier: Carrier) -> Iterator[Case]:
    """Cut a labelled file at several places: what is left may be read or refused, never misread."""
    whole = carrier.put(value())
    for percent in (10, 40, 70, 90, 99):
        part = whole[: max(1, len(whole) * percent // 100)]
        yield Case(
            f"{carrier.name}/cut-at-{percent}",
            Group.TRUNCATED,
            carrier.suffix,
            carrier.plain() if carrier.beside else part,
            ("refused", "malformed", "confirmed", "absent"),
            beside=part.decode(errors="ignore") if carrier.beside else None,
        )
