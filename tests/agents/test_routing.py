from typing import Literal

from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from agents.routing import Router, add_router


class Counted(TypedDict):
    number: int


async def grow(state: Counted) -> Counted:
    return {"number": state["number"] + 1}


def until_three(state: Counted) -> Literal["grow", "__end__"]:
    return "grow" if state["number"] < 3 else "__end__"


async def test_a_router_leads_where_its_function_says() -> None:
    builder = StateGraph(Counted)
    builder.add_node(grow)
    builder.add_edge(START, "grow")
    add_router(builder, "grow", until_three)
    graph = builder.compile()

    assert await graph.ainvoke({"number": 0}) == {"number": 3}


def test_a_router_can_be_run_synchronously() -> None:
    assert Router(until_three).invoke({"number": 3}) == "__end__"
