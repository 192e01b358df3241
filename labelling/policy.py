"""What is due for whom: the table that decides which labels a part must carry."""

from dataclasses import dataclass, fields

from labelling.content import MediaType, Origin, Surface


@dataclass(frozen=True, slots=True)
class Waiver:
    """A customer's request for output without the explicit label (Measures, Article 9)."""

    reference: str
    """Under which it is on record."""
    agreement: str
    """Version of the agreement that explained the customer's own duty."""
    identity: str
    recipient: str
    reason: str

    def __post_init__(self) -> None:
        names = [field.name for field in fields(self)]
        if missing := [name for name in names if not getattr(self, name).strip()]:
            msg = f"a waiver needs {', '.join(missing)}: Article 9 has each of them logged"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Due:
    """What a part must carry before it may leave."""

    explicit: bool
    implicit: bool
    rule: str
    """The clause behind it; kept in the label record."""
    waived: bool = False
    """Whether an explicit label would be due but for a waiver."""


_GENERATED = Due(explicit=True, implicit=True, rule="Measures Art. 4, 5; GB 45438-2025 §5, §6")
CARRIED = Due(explicit=False, implicit=True, rule="Measures Art. 6: carried for others")
"""What is due of content that others made: our part of its implicit label."""
_RULES = {
    Origin.GENERATED: _GENERATED,
    # A person's edits do not make a model's text the person's own: it stays labelled.
    Origin.ASSISTED: _GENERATED,
    Origin.HUMAN: Due(explicit=False, implicit=False, rule="Measures Art. 3: not generated"),
}
_WAIVED = Due(
    explicit=False, implicit=True, rule="Measures Art. 9: waived on request; Art. 5", waived=True
)


def due(
    origin: Origin, media_type: MediaType, surface: Surface, waiver: Waiver | None = None
) -> Due:
    """Decide what is due.

    The medium and the surface do not change the answer today: every medium is labelled on every
    surface, because a message can be copied out of any of them.
    """
    rule = _RULES[origin]
    return _WAIVED if waiver and rule.explicit else rule
