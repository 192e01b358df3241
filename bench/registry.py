"""Every measurement by its name: the one list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bench import (
    acceptance,
    acknowledgement,
    conversation,
    crowd,
    demo,
    labels,
    search,
    start,
    turns,
    webchat,
)
from bench.figures import Measurement

MEASUREMENTS: Final[Mapping[str, Measurement]] = MappingProxyType(
    {
        "acknowledgement": Measurement(acknowledgement.measure, acknowledgement.FIGURES),
        "acceptance": Measurement(acceptance.measure, acceptance.FIGURES),
        "turns": Measurement(turns.measure, turns.FIGURES),
        "crowd": Measurement(crowd.measure, crowd.FIGURES),
        "webchat": Measurement(webchat.measure, webchat.FIGURES),
        "conversation": Measurement(conversation.measure, conversation.FIGURES),
        "search": Measurement(search.measure, search.FIGURES),
        "start": Measurement(start.measure, start.FIGURES),
        "labels": Measurement(labels.measure, labels.FIGURES),
        "demo": Measurement(demo.measure, demo.FIGURES),
    }
)
