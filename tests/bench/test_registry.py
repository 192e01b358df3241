"""Every figure says what it is held against."""

import pytest

from bench.figures import Figure
from bench.registry import MEASUREMENTS

FIGURES = [
    pytest.param(figure, id=f"{name}-{figure.key}")
    for name, measurement in MEASUREMENTS.items()
    for figure in measurement.figures
]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_has_a_target_and_a_reference_or_a_reason(figure: Figure) -> None:
    complete = figure.target is not None and bool(figure.reference)

    assert complete != bool(figure.reason)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_the_figures_of_a_measurement_have_keys_of_their_own(name: str) -> None:
    keys = [figure.key for figure in MEASUREMENTS[name].figures]

    assert sorted(set(keys)) == sorted(keys)
