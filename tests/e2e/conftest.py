"""Houses for tests: on every back end, with the offline model or with DashScope."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime.settings import WorkerSettings
from tests.e2e.house import House, open_house
from tests.e2e.prepared import Model, Stores, Templates

STORES = (Stores.EMBEDDED, pytest.param(Stores.SERVERS, marks=pytest.mark.servers))
# Two tries and a short grace: what is given up shows soon, and nothing else waits.
_WORKER = WorkerSettings(tries=2, grace=5)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Templates]:
    with ExitStack() as stack:
        yield Templates(tmp_path_factory.mktemp("templates"), stack)


@pytest.fixture
async def house(templates: Templates, tmp_path: Path) -> AsyncIterator[House]:
    """Everything embedded, the offline model."""
    async with open_house(templates, tmp_path, worker=_WORKER) as house:
        yield house


@pytest.fixture(params=STORES)
async def any_house(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> AsyncIterator[House]:
    """The offline model on every back end."""
    async with open_house(templates, tmp_path, stores=request.param, worker=_WORKER) as house:
        yield house


@pytest.fixture(params=STORES)
async def model_house(
    request: pytest.FixtureRequest, templates: Templates, tmp_path: Path
) -> AsyncIterator[House]:
    """DashScope on every back end."""
    async with open_house(
        templates, tmp_path, stores=request.param, model=Model.DASHSCOPE, worker=_WORKER
    ) as house:
        yield house
