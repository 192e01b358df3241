"""What every test shares."""

import pytest
import structlog

from runtime.logging import configure

pytest_plugins = ["tests.servers"]


@pytest.fixture(autouse=True)
def _logs_as_in_production() -> None:
    # structlog's own way with tracebacks shows all local variables, which takes seconds for each.
    structlog.reset_defaults()
    configure()
