"""The service graph: guard, understand, retrieve, judge, answer or hand off."""

from langgraph.graph import START, StateGraph

from agents.routing import add_router
from agents.run import AgentGraph
from agents.service.nodes import answer, guard_input, hand_off, judge, retrieve, say, understand
from agents.service.routing import (
    route_by_evidence,
    route_by_gap,
    route_by_intent,
    route_by_verdict,
)
from agents.service.state import ServiceState
from agents.turn import AgentContext

RECURSION_LIMIT = 12
"""Steps of the longest way through: two searches, an answer and a hand-off take eight."""


def build_graph() -> AgentGraph:
    """Wire the graph; the container does it once a process."""
    builder = StateGraph(ServiceState, context_schema=AgentContext)
    builder.add_node(guard_input)
    builder.add_node(understand)
    builder.add_node(retrieve)
    builder.add_node(judge)
    builder.add_node(answer)
    builder.add_node(say)
    builder.add_node(hand_off)
    builder.add_edge(START, "guard_input")
    add_router(builder, "guard_input", route_by_verdict)
    add_router(builder, "understand", route_by_intent)
    builder.add_edge("retrieve", "judge")
    add_router(builder, "judge", route_by_evidence)
    add_router(builder, "answer", route_by_gap)
    builder.set_finish_point("say")
    builder.set_finish_point("hand_off")
    return builder.compile(name="service").with_config(recursion_limit=RECURSION_LIMIT)
