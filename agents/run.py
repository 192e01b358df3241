"""One turn through a graph."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeAlias, cast

from langgraph.errors import GraphDrained
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import RunControl

from agents.errors import AgentError, TurnDrainedError, TurnTimeoutError
from agents.turn import AgentContext, ModelUse, Reply, Sentence, Turn

# Any: a graph's state is its own affair, as long as it takes a `turn` and leaves a `reply`.
AgentGraph: TypeAlias = CompiledStateGraph[Any, AgentContext, Any, Any]


async def run_turn(
    graph: AgentGraph,
    turn: Turn,
    context: AgentContext,
    *,
    timeout: float,  # noqa: ASYNC109 - a generator cannot run within its caller's timeout
    control: RunControl | None = None,
) -> AsyncGenerator[Sentence | Reply]:
    """Take a turn through a graph: sentences as they are finished, and one reply at the end.

    The sentences joined are the text of the reply's draft. A front that cannot stream ignores them.

    Args:
        graph: One that `registry.GRAPHS` built.
        turn: The messages to answer.
        context: What the nodes may reach; the caller may share it between turns.
        timeout: Seconds the whole turn may take, the caller's own time between two items included.
        control: Asked to drain, the turn stops before its next node.

    Raises:
        ModelUnavailableError: No answer; after a sentence it broke off in mid-stream.
        ModelRefusedError: The model will not take the request.
        KnowledgeUnavailableError: The knowledge could not be asked.
        TurnDrainedError: The process is going down; run the turn again elsewhere.
        TurnTimeoutError: The turn took too long.
    """
    ledger: list[ModelUse] = []
    try:
        deadline = asyncio.get_running_loop().time() + timeout
        own = replace(context, ledger=ledger)
        async with aclosing(_stream(graph, turn, own, control)) as items:
            while (item := await _next(items, deadline)) is not None:
                yield replace(item, uses=tuple(ledger)) if isinstance(item, Reply) else item
    except TimeoutError as error:
        msg = f"turn {turn.id!r} took longer than {timeout} s"
        raise _with_uses(TurnTimeoutError(msg), ledger) from error
    except GraphDrained as error:
        msg = f"turn {turn.id!r} was stopped because the process is going down"
        raise _with_uses(TurnDrainedError(msg), ledger) from error
    except AgentError as error:
        error.uses = tuple(ledger)
        raise


async def _stream(
    graph: AgentGraph, turn: Turn, context: AgentContext, control: RunControl | None
) -> AsyncGenerator[Sentence | Reply]:
    events = graph.astream(
        {"turn": turn}, context=context, stream_mode=["custom", "values"], control=control
    )
    reply: Reply | None = None
    # astream is an async generator, though its type does not say so.
    async with aclosing(cast("AsyncGenerator[tuple[str, Any]]", events)) as stream:
        async for mode, event in stream:
            if mode == "custom":
                yield event
            else:
                reply = event.get("reply")
    assert reply is not None
    yield reply


async def _next(
    items: AsyncGenerator[Sentence | Reply], deadline: float
) -> Sentence | Reply | None:
    """Wait for one item; a timeout around the whole generator would hit its consumer."""
    async with asyncio.timeout_at(deadline):
        return await anext(items, None)


def _with_uses(error: AgentError, ledger: list[ModelUse]) -> AgentError:
    error.uses = tuple(ledger)
    return error
