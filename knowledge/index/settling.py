"""Build the search graph of an Edge shard, in a process of its own."""

import asyncio
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from qdrant_edge import EdgeShard

_POLITENESS = 10


async def build_graph(folder: Path) -> None:
    """Build the graph of a shard that nobody has open.

    The engine holds the interpreter's lock all the while (9 s for 12 000 passages), which would
    stop every customer's turn; a process of its own stops nobody.
    """
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        await loop.run_in_executor(processes, optimise, str(folder))


def optimise(folder: str) -> None:
    """Merge segments and build what is due, after everybody else's turn."""
    os.nice(_POLITENESS)
    shard = EdgeShard.load(folder)
    try:
        shard.optimize()
    finally:
        shard.close()
