"""The graphs there are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from agents.run import AgentGraph
from agents.service.graph import build_graph as build_service

GRAPHS: Mapping[str, Callable[[], AgentGraph]] = MappingProxyType({"service": build_service})
"""Every graph by its name. A graph's last state holds its `reply`."""
