from hypothesis import given
from hypothesis import strategies as st

from agents.models.retries import RetryBudget


def test_waits_double_up_to_the_longest() -> None:
    budget = RetryBudget(first_wait=0.5, longest_wait=3.0)

    waits = [budget.wait_before(attempt, lambda: 1.0) for attempt in range(2, 7)]

    assert waits == [0.5, 1.0, 2.0, 3.0, 3.0]


@given(st.integers(2, 40), st.floats(0, 1), st.floats(0, 100))
def test_a_wait_is_never_shorter_than_asked(attempt: int, drawn: float, asked: float) -> None:
    budget = RetryBudget()

    wait = budget.wait_before(attempt, lambda: drawn, asked)

    assert asked <= wait <= max(asked, budget.longest_wait)
