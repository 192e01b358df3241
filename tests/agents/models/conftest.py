"""DashScope's simulator over real HTTP, and our model in front of it."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import pytest
from dashscope.api_entities.aio_session import close_shared_aio_session
from pydantic import SecretStr

from agents.models.dashscope import DashscopeChatModel
from agents.models.retries import RetryBudget
from simulators.dashscope.simulator import DashscopeSimulator
from tests.agents.builders import NOON
from tests.simulators.conftest import Serve, serve

__all__ = ["serve"]

API_KEY = "sk-secret-of-the-test"
MakeModel: TypeAlias = Callable[..., DashscopeChatModel]


class Waits:
    """A sleep that only takes notes, and a clock that it moves."""

    def __init__(self) -> None:
        self.waited: list[float] = []
        self.time = 0.0

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.time += seconds

    def clock(self) -> float:
        return self.time


@pytest.fixture
def platform() -> DashscopeSimulator:
    return DashscopeSimulator(API_KEY, now=lambda: NOON)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def make_model(waits: Waits) -> AsyncIterator[MakeModel]:
    def make(address: str, **change: Any) -> DashscopeChatModel:
        fields: dict[str, Any] = {
            "model": "qwen-plus",
            "api_key": SecretStr(API_KEY),
            "base_address": f"{address}/api/v1",
            "budget": RetryBudget(attempts=3, seconds=20.0),
            "sleep": waits.sleep,
            "random": lambda: 1.0,
            "clock": waits.clock,
        }
        return DashscopeChatModel(**{**fields, **change})

    yield make
    await close_shared_aio_session()


@pytest.fixture
def model(platform: DashscopeSimulator, serve: Serve, make_model: MakeModel) -> DashscopeChatModel:
    return make_model(serve(platform.app))
