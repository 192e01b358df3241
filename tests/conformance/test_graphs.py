"""The laws of every graph, read from the registry."""

import pytest
from syrupy.assertion import SnapshotAssertion

from agents.registry import GRAPHS
from agents.turn import Phrase
from tests.agents.builders import agent_context, run, turn

_EVERY = pytest.mark.parametrize("name", GRAPHS)


@_EVERY
def test_a_graph_looks_like_its_picture(name: str, snapshot: SnapshotAssertion) -> None:
    picture = GRAPHS[name]().get_graph().draw_mermaid(with_styles=False)

    assert picture == snapshot


@_EVERY
def test_a_graph_has_a_bound(name: str) -> None:
    config = GRAPHS[name]().config

    assert config
    assert 0 < config["recursion_limit"] < 25


@_EVERY
async def test_a_graph_has_a_way_to_a_person(name: str) -> None:
    _, reply = await run(GRAPHS[name](), turn("转人工"), agent_context())

    assert reply.hand_off
    assert reply.phrase is Phrase.HAND_OFF


@_EVERY
async def test_without_evidence_no_model_is_asked(name: str) -> None:
    _, reply = await run(GRAPHS[name](), turn("老板今年几岁了呀"), agent_context())

    assert reply.hand_off
    assert reply.draft is None
    assert reply.uses == ()
