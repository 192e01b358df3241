"""What is due for every origin, medium, surface and waiver."""

import itertools

import pytest

from labelling.content import MediaType, Origin, Surface
from labelling.policy import Waiver, due

FACTS = {
    "reference": "w1",
    "agreement": "2026-11",
    "identity": "customer-7",
    "recipient": "customer-7",
    "reason": "印刷品",
}
WAIVER = Waiver(**FACTS)
# (explicit, implicit) without a waiver, and with one.
DUE = {
    Origin.GENERATED: ((True, True), (False, True)),
    Origin.ASSISTED: ((True, True), (False, True)),
    Origin.HUMAN: ((False, False), (False, False)),
}


def test_the_table_covers_every_origin() -> None:
    assert set(DUE) == set(Origin)


@pytest.mark.parametrize(
    ("origin", "media_type", "surface"), list(itertools.product(Origin, MediaType, Surface))
)
class TestDue:
    def test_without_a_waiver(
        self, origin: Origin, media_type: MediaType, surface: Surface
    ) -> None:
        rule = due(origin, media_type, surface)

        assert (rule.explicit, rule.implicit) == DUE[origin][0]
        assert "Art." in rule.rule

    def test_with_a_waiver_the_implicit_label_stays(
        self, origin: Origin, media_type: MediaType, surface: Surface
    ) -> None:
        rule = due(origin, media_type, surface, WAIVER)

        assert (rule.explicit, rule.implicit) == DUE[origin][1]
        assert ("Art. 9" in rule.rule) == (origin is not Origin.HUMAN)


@pytest.mark.parametrize("name", [*FACTS])
@pytest.mark.parametrize("empty", ["", "  "])
def test_a_waiver_lacking_one_of_its_facts_cannot_be_made(name: str, empty: str) -> None:
    with pytest.raises(ValueError, match=f"a waiver needs {name}"):
        Waiver(**{**FACTS, name: empty})
