"""How often and how long a model is asked again."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """Attempts and seconds for one answer; waits grow and are drawn at random (full jitter)."""

    attempts: int = 3
    seconds: float = 20.0
    first_wait: float = 0.5
    longest_wait: float = 8.0

    def wait_before(self, attempt: int, random: Callable[[], float], asked: float = 0.0) -> float:
        """Give the seconds to wait before attempt 2, 3, …; never less than the provider `asked`."""
        ceiling = min(self.longest_wait, self.first_wait * 2.0 ** (attempt - 2))
        return max(asked, random() * ceiling)
