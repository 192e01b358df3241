"""OpenTelemetry spans, one per step of the line; without an exporter they cost next to nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import trace

_SCOPE = "zhanggui"


@contextmanager
def span(step: str, **attributes: str | int) -> Iterator[None]:
    """Trace one step; attributes hold ids and names, never a customer's words."""
    tracer = trace.get_tracer(_SCOPE)
    with tracer.start_as_current_span(
        step, attributes={f"zhanggui.{name}": value for name, value in attributes.items()}
    ):
        yield
