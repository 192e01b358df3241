"""What is measured: figures, their targets, and what a measurement reads."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True, slots=True)
class Target:
    """The bound a figure is to keep."""

    bound: float
    at_least: bool = False
    """Whether more is better; else less is."""

    def met_by(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table, as it stands before anything was measured."""

    key: str
    """Unique within its measurement."""
    title: str
    unit: str
    target: Target | None = None
    reference: str = ""
    """What the measured reference is; empty where there is none."""
    reason: str = ""
    """Why there is no target, or no reference."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a measurement found for one of its figures."""

    value: float
    n: int
    """How many observations the value stands on."""
    reference: float | None = None
    """In the figure's unit."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    quick: bool = False

    def size(self, whole: int, quick: int) -> int:
        """Give one of two sizes."""
        return quick if self.quick else whole


Readings: TypeAlias = Mapping[str, Reading]
"""By the figure's key; a figure that is missing was left out of a quick run."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A function that measures, and the figures it gives."""

    measure: Callable[[Plan], Coroutine[Any, Any, Readings]]
    figures: tuple[Figure, ...]


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of the observations do not exceed: an observed one."""
    return float(np.quantile(values, share, method="inverted_cdf"))


def median(values: Sequence[float]) -> float:
    """Give the middle observation."""
    return quantile(values, 0.5)


def milliseconds(seconds: float) -> float:
    """Give milliseconds."""
    return seconds * 1000
