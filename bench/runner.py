"""Runs one measurement, and looks at what else the machine does meanwhile."""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import uvloop

from bench.figures import Plan, Readings
from bench.machine import Busy, load_average
from bench.registry import MEASUREMENTS
from runtime.logging import configure


@dataclass(frozen=True, slots=True)
class Result:
    """A measurement that was made, and how quiet the machine was meanwhile."""

    name: str
    readings: Readings
    seconds: float
    load: float
    """Load average of the minute before."""
    others: float
    """Share of the machine that processes of others took meanwhile."""


def measured(name: str, plan: Plan) -> Result:
    """Measure in a process of its own: no measurement inherits another's memory and caches."""
    before, load, began = Busy.now(), load_average(), time.perf_counter()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        readings = pool.submit(_measure, name, plan).result()
    took = time.perf_counter() - began
    return Result(name, readings, took, load, Busy.now().others_since(before))


def _measure(name: str, plan: Plan) -> Readings:
    configure(level="error")
    measurement = MEASUREMENTS[name]
    readings = uvloop.run(measurement.measure(plan))
    unknown = readings.keys() - {figure.key for figure in measurement.figures}
    assert not unknown, f"{name!r} measured {sorted(unknown)}, which is no figure of its own"
    return readings
