"""Our reader is right on every case, and the cases are many, of every kind, and always the same."""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from labelling.conformance.carriers import Carrier, carriers
from labelling.conformance.cases import Case, Group, of_medium
from labelling.conformance.places import FAMILIES
from labelling.conformance.run import cases, ours, run, tried
from labelling.content import MediaType
from labelling.reading.report import NORMATIVE


@cache
def every_case() -> tuple[Case, ...]:
    return tuple(cases())


@pytest.mark.parametrize("carrier", carriers(), ids=lambda carrier: carrier.name)
def test_our_reader_is_right_on_the_cases_of_every_medium(carrier: Carrier, tmp_path: Path) -> None:
    failures = [failure for case in of_medium(carrier) if (failure := tried(case, ours, tmp_path))]

    assert failures == []


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_our_reader_is_right_on_the_cases_of_every_family(
    family: Callable[[], Iterator[Case]], tmp_path: Path
) -> None:
    failures = [failure for case in family() if (failure := tried(case, ours, tmp_path))]

    assert failures == []


def test_there_are_many_cases_of_every_group_and_no_name_twice() -> None:
    groups = Counter(case.group for case in every_case())
    names = [case.name for case in every_case()]

    assert set(groups) == set(Group)
    assert len(every_case()) >= 300
    assert min(groups.values()) >= 10
    assert len(set(names)) == len(names)


def test_every_medium_with_a_place_for_a_label_has_cases() -> None:
    assert {carrier.media_type for carrier in carriers()} == set(NORMATIVE) == set(MediaType)


@pytest.mark.slow  # makes every case a second time
def test_the_cases_are_the_same_in_every_run() -> None:
    assert every_case() == tuple(cases())


@pytest.mark.slow  # tries every case
def test_the_outcome_counts_what_was_right() -> None:
    outcome = run(ours)

    assert (outcome.right, outcome.total) == (len(every_case()), len(every_case()))
    assert outcome.as_dict()["failures"] == []
