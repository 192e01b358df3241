"""What every test shares."""

import pytest
import structlog

pytest_plugins = ["tests.servers"]


@pytest.fixture(autouse=True)
def _plain_tracebacks() -> None:
    # structlog's own way with them shows all local variables, which takes seconds for each.
    renderer = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback, colors=False
    )
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])
