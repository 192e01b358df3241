"""Turns, passages and contexts, with everything defaulted."""

from collections.abc import Callable
from datetime import UTC, datetime

from langchain_core.language_models import BaseChatModel

from agents.guards import Guards
from agents.run import AgentGraph, run_turn
from agents.service.guards import default_guards
from agents.turn import AgentContext, Reply, Sentence, Turn, Utterance
from knowledge.base import Passage, Retriever
from tests.fakes.models import ScriptedChatModel
from tests.fakes.retriever import FakeRetriever

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RETURNS = "签收后 7 天内可以无理由退货，商品须完好。"
PRICE = "山茶花舒缓修护霜 50 g，288 元，会员价 273 元。"


def passage(
    text: str = RETURNS,
    *,
    title: str = "退换货政策",
    coverage: float = 0.8,
    dense_score: float = 0.0,
    id: str = "",  # noqa: A002 - the field's name
) -> Passage:
    return Passage(
        id=id or f"{title}/{text}",
        base="shop",
        document=title,
        title=title,
        heading="",
        text=text,
        source=f"{title}.md",
        score=coverage,
        dense_score=dense_score,
        coverage=coverage,
    )


def turn(
    *messages: str,
    recent: tuple[Utterance, ...] = (),
    summary: str = "",
    profile: dict[str, str] | None = None,
) -> Turn:
    return Turn(
        id="turn-1",
        messages=messages,
        at=NOON,
        channel="webchat",
        recent=recent,
        summary=summary,
        profile=profile or {},
    )


def agent_context(
    model: BaseChatModel | None = None,
    *passages: Passage,
    guards: Guards | None = None,
    retriever: Retriever | None = None,
    clock: Callable[[], float] = lambda: 0.0,
    max_answer_chars: int = 600,
) -> AgentContext:
    return AgentContext(
        retriever=retriever or FakeRetriever(passages),
        model=model or ScriptedChatModel(),
        guards=guards or default_guards("岫棠里"),
        brand_name="岫棠里",
        now=lambda: NOON,
        clock=clock,
        max_answer_chars=max_answer_chars,
    )


async def run(
    graph: AgentGraph,
    turn: Turn,
    context: AgentContext,
    timeout: float = 10.0,  # noqa: ASYNC109
) -> tuple[list[str], Reply]:
    """Run a turn to its end: the sentences that were told, and the reply."""
    *told, reply = [item async for item in run_turn(graph, turn, context, timeout=timeout)]
    assert isinstance(reply, Reply)
    return [item.text for item in told if isinstance(item, Sentence)], reply
