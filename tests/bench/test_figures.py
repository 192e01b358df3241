"""What figures are made of."""

import pytest

from bench.figures import Plan, Target, median, quantile


@pytest.mark.parametrize(
    ("target", "kept", "missed"),
    [
        (Target(5), 5.0, 5.1),
        (Target(80, at_least=True), 80.0, 79.9),
    ],
)
def test_a_target_is_met_up_to_its_bound(target: Target, kept: float, missed: float) -> None:
    assert (target.met_by(kept), target.met_by(missed)) == (True, False)


def test_a_quantile_is_an_observed_value_and_keeps_the_outlier() -> None:
    observed = [1.0] * 98 + [7.0, 900.0]

    assert (median(observed), quantile(observed, 0.99), quantile(observed, 1)) == (1.0, 7.0, 900.0)


def test_a_quick_plan_takes_the_small_size() -> None:
    assert (Plan().size(400, 40), Plan(quick=True).size(400, 40)) == (400, 40)
