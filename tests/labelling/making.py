"""What the labelling tests make: a stage with a fixed clock and counted content numbers."""

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.marking import Marker
from labelling.output import LabelledOutput
from labelling.stage import EventStream, LabellingStage
from labelling.writers.base import LabelWriter
from labelling.writers.chains import CHAINS

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def counted() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"content-{next(numbers)}"


def stage(chains: Mapping[MediaType, tuple[LabelWriter, ...]] = CHAINS) -> LabellingStage:
    return LabellingStage(
        ProducerCode.parse(DUMMY_CODE),
        now=lambda: NOON,
        new_content_id=counted(),
        marker=Marker(chains),
    )


def draft(*texts: str, origin: Origin = Origin.GENERATED) -> Draft:
    return Draft(tuple(Part.of_text(text) for text in texts), origin)


def labelled(*texts: str, origin: Origin = Origin.GENERATED) -> LabelledOutput:
    made = draft(*(texts or ("七天内可退。",)), origin=origin)
    return stage().label(made, output_id="output-1", surface=Surface.PLATFORM)


def stream() -> EventStream:
    return stage().label_stream(run_id="run-1", output_id="output-1", surface=Surface.OWN)
