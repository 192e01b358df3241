"""Whether a long conversation is slower than a young one."""

import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from bench.apart import free_port, neighbour, reachable
from bench.figures import Figure, Plan, Reading, Readings, Target, median, milliseconds
from bench.platform import customers, new_account, stand
from bench.shop import open_shop

_AROUND = 20
"""Turns on either end that are compared; both ends ask the same questions."""

FIGURES = (
    Figure(
        "late",
        "1,000th turn of one conversation against the first",
        "×",
        Target(1.2),
        "the first turns",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Take one conversation through a thousand turns; another one warms the caches up."""
    turns = plan.size(1_000, 60)
    account, wechat = new_account(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder,
        neighbour(stand, wechat, account, 2),
    ):
        await reachable(wechat)
        async with open_shop(Path(folder), account, wechat, with_worker=False) as shop:
            questions = await shop.answerable(_AROUND)
            warm_up, customer = customers(2)
            for text in questions:
                await shop.answer(await shop.ask(warm_up, text))
            took = []
            for text in islice(cycle(questions), turns):
                conversation = await shop.ask(customer, text)
                began = time.perf_counter()
                await shop.answer(conversation)
                took.append(time.perf_counter() - began)
            answered = await shop.counted("answered")
    assert answered == turns + len(questions)
    first, last = median(took[:_AROUND]), median(took[-_AROUND:])
    note = f"{milliseconds(first):.1f} ms and {milliseconds(last):.1f} ms after {turns:,} turns"
    return {"late": Reading(last / first, 2 * _AROUND, 1.0, note)}
