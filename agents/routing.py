"""How a pure function becomes an edge of a graph."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.graph import StateGraph
from typing_extensions import override

StateT = TypeVar("StateT")


class Router(Runnable[StateT, str], Generic[StateT]):
    """Runs a router where it stands.

    LangGraph hands a plain function of an asynchronous graph to its thread pool, which was measured
    at 0.3 ms an edge; a coroutine gets a task and a trace, which no router needs either.
    """

    def __init__(self, function: Callable[[StateT], str]) -> None:
        self.name = function.__name__
        self._function = function

    @override
    def invoke(self, input: StateT, config: RunnableConfig | None = None, **kwargs: Any) -> str:
        return self._function(input)

    @override
    async def ainvoke(
        self, input: StateT, config: RunnableConfig | None = None, **kwargs: Any
    ) -> str:
        return self._function(input)


def add_router(
    builder: StateGraph[Any, Any, Any, Any], node: str, function: Callable[[Any], str]
) -> None:
    """Let a router say where a turn goes after a node; its return type names the ways there are."""
    ways = get_args(get_type_hints(function)["return"])
    builder.add_conditional_edges(node, Router(function), [*ways])
