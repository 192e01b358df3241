"""What a passage carries in the index, and which passages a scope lets through."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from knowledge.base import Entry, Scope

Value = str | int | float | list[str] | None
Payload = Mapping[str, Value]

OPEN = 2.0**53
"""Stands for no end, since engines match a missing number at the price of another condition."""

KEYWORDS = ("base", "document", "region", "channel", "audience")
NUMBERS = ("valid_from", "valid_to", "release_to")

_AUDIENCES = ("region", "channel", "audience")
_OPEN_VALUES: Mapping[str, Value] = dict.fromkeys(_AUDIENCES, "") | {
    "valid_from": 0.0,
    "valid_to": OPEN,
    "release_to": OPEN,
}

SCOPED = frozenset(_OPEN_VALUES)
"""The keys that a scope has conditions on, whatever base it looks in."""


def stored(entry: Entry) -> dict[str, Value]:
    """Give the payload as it is kept: everyone is written "", no end is written as a number."""
    payload = {**entry.payload, "text": entry.text}
    for key in _AUDIENCES:
        payload[key] = payload.get(key) or ""
    for key in ("valid_from", "release_from"):
        payload[key] = _number(payload.get(key), 0.0)
    for key in ("valid_to", "release_to"):
        payload[key] = _number(payload.get(key), OPEN)
    return payload


def narrowed(payload: Payload) -> frozenset[str]:
    """Say by which keys a stored passage is kept from anyone, ever."""
    return frozenset(key for key, value in _OPEN_VALUES.items() if payload.get(key) != value)


def _number(value: Value, default: float) -> float:
    return float(value) if isinstance(value, int | float) else default


@dataclass(frozen=True, slots=True)
class Sieve:
    """Conditions that must all hold, in words that every engine has."""

    any_of: Mapping[str, tuple[str, ...]]
    none_of: Mapping[str, tuple[str, ...]]
    at_most: Mapping[str, float]
    above: Mapping[str, float]

    def without(self, keys: Collection[str]) -> "Sieve":
        """Leave out the conditions on these keys."""
        return Sieve(
            any_of={key: of for key, of in self.any_of.items() if key not in keys},
            none_of={key: of for key, of in self.none_of.items() if key not in keys},
            at_most={key: number for key, number in self.at_most.items() if key not in keys},
            above={key: number for key, number in self.above.items() if key not in keys},
        )


def within(scope: Scope) -> Sieve:
    """Let through what a scope may see: for everyone or for it, valid at its moment, released.

    A window holds from `valid_from` on and no longer at `valid_to`. A scope that names no region,
    channel or audience sees only what is for everyone.
    """
    seen = {
        key: tuple(dict.fromkeys(("", value)))
        for key, value in zip(
            _AUDIENCES, (scope.region, scope.channel, scope.audience), strict=True
        )
    }
    bases = {"base": tuple(sorted(scope.bases))} if scope.bases else {}
    at = scope.at.timestamp()
    return Sieve(
        any_of=bases | seen,
        none_of={},
        at_most={"valid_from": at},
        above={"valid_to": at, "release_to": OPEN / 2},
    )


def of_document(base: str, document: str = "", keep: str = "") -> Sieve:
    """Let through a base, or one document of it, except its version of the digest `keep`."""
    return Sieve(
        any_of={"base": (base,)} | ({"document": (document,)} if document else {}),
        none_of={"digest": (keep,)} if keep else {},
        at_most={},
        above={},
    )


EVERYTHING = Sieve({}, {}, {}, {})
