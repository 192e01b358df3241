from contextlib import aclosing

import pytest
from langgraph.runtime import RunControl

from agents.errors import (
    KnowledgeUnavailableError,
    ModelRefusedError,
    ModelUnavailableError,
    TurnDrainedError,
    TurnTimeoutError,
)
from agents.run import AgentGraph, run_turn
from agents.service.graph import build_graph
from agents.turn import Reply, Sentence
from knowledge.base import Passage, Scope
from knowledge.errors import IndexUnavailableError
from tests.agents.builders import agent_context, passage, run, turn
from tests.fakes.models import Line, ScriptedChatModel, saying


@pytest.fixture(scope="module")
def graph() -> AgentGraph:
    return build_graph()


class DownRetriever:
    """An index that is away."""

    async def retrieve(self, question: str, scope: Scope, limit: int = 6) -> tuple[Passage, ...]:
        msg = "the index is away"
        raise IndexUnavailableError(msg)


async def test_a_sentence_is_told_while_the_model_still_writes(graph: AgentGraph) -> None:
    model = ScriptedChatModel(lines=[Line(("可以退。", "商品"), hangs=True)])
    items = run_turn(graph, turn("能退吗"), agent_context(model, passage()), timeout=10)

    async with aclosing(items):
        first = await anext(items)

    assert first == Sentence("可以退。")


async def test_an_answer_that_breaks_off_is_an_error_after_what_was_told(graph: AgentGraph) -> None:
    cut = ModelUnavailableError("cut")
    model = ScriptedChatModel(lines=[Line(("可以退。", "商品"), error=cut)])
    items = run_turn(graph, turn("能退吗"), agent_context(model, passage()), timeout=10)

    told = await anext(items)
    with pytest.raises(ModelUnavailableError) as caught:
        await anext(items)

    assert told == Sentence("可以退。")
    assert caught.value is cut
    assert [use.error for use in caught.value.uses] == ["ModelUnavailableError"]


async def test_a_model_that_refuses_is_an_error(graph: AgentGraph) -> None:
    model = ScriptedChatModel(lines=[Line((), error=ModelRefusedError("no"))])

    with pytest.raises(ModelRefusedError):
        await run(graph, turn("能退吗"), agent_context(model, passage()))


async def test_a_slow_turn_is_an_error_and_its_call_is_in_the_books(graph: AgentGraph) -> None:
    ticks = iter([3.0, 45.0])
    model = ScriptedChatModel(lines=[Line(("可以退",), hangs=True)])
    context = agent_context(model, passage(), clock=lambda: next(ticks))

    with pytest.raises(TurnTimeoutError, match=r"'turn-1' took longer than 0\.05 s") as caught:
        await run(graph, turn("能退吗"), context, timeout=0.05)

    (use,) = caught.value.uses
    assert (use.error, use.latency) == ("CancelledError", 42.0)


async def test_knowledge_that_is_away_is_an_error(graph: AgentGraph) -> None:
    context = agent_context(retriever=DownRetriever())

    with pytest.raises(KnowledgeUnavailableError) as caught:
        await run(graph, turn("能退吗"), context)

    assert isinstance(caught.value.__cause__, IndexUnavailableError)
    assert caught.value.retryable


async def test_a_process_that_goes_down_starts_no_further_node(graph: AgentGraph) -> None:
    control = RunControl()
    control.request_drain()
    context = agent_context(saying("可以退。"), passage())

    with pytest.raises(TurnDrainedError):
        [
            item
            async for item in run_turn(graph, turn("能退吗"), context, timeout=10, control=control)
        ]


async def test_turns_that_share_a_context_do_not_share_their_books(graph: AgentGraph) -> None:
    model = ScriptedChatModel(lines=[Line(("可以退。",)), Line(("可以退。",))])
    context = agent_context(model, passage())

    replies = [(await run(graph, turn("能退吗"), context))[1] for _ in range(2)]

    assert [len(reply.uses) for reply in replies] == [1, 1]
    assert context.ledger == []


async def test_the_last_item_is_the_only_reply(graph: AgentGraph) -> None:
    context = agent_context(saying("可以退。", "须完好。"), passage())

    items = [item async for item in run_turn(graph, turn("能退吗"), context, timeout=10)]

    assert [type(item) for item in items] == [Sentence, Sentence, Reply]
