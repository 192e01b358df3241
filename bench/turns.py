"""What a turn costs us, beside the model and the platform."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from itertools import cycle, islice
from pathlib import Path

from agents.run import run_turn
from bench.apart import apart, free_port, neighbour, reachable
from bench.figures import Figure, Plan, Reading, Readings, Target, median, milliseconds, quantile
from bench.load import Outcome, closed_loop
from bench.models import TimedChatModel, tokens_of
from bench.platform import customers, letters, new_account, stand
from bench.shop import Shop, open_shop
from simulators.wechat.account import WechatAccount

_AGENT = "the agent run alone, without store, labels and platform"
_LOOK_EVERY = 0.1
_PATIENCE = 120.0
_MODEL = TimedChatModel(tokens=tokens_of(["您好，这是我们的说明，欢迎随时再来问我们。"], size=4))

FIGURES = (
    Figure("p50", "own time a turn, claimed to delivered, p50", "ms", Target(15), _AGENT),
    Figure(
        "p99",
        "own time a turn, claimed to delivered, p99",
        "ms",
        reference=_AGENT,
        reason="the issue sets a bound for the median alone",
    ),
    Figure(
        "cpu",
        "processor time a turn",
        "ms",
        reference=_AGENT,
        reason="what stays comparable on a busy machine; the bound is on the time that passes",
    ),
    Figure(
        "rate",
        "turns a second in one process, callback to delivery",
        "/s",
        Target(80, at_least=True),
        "one after the other at the p50 above, callbacks not counted",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Answer with a model that takes no time, to a simulated WeChat in a process of its own."""
    count = plan.size(400, 40)
    account, wechat = new_account(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder,
        neighbour(stand, wechat, account, count),
    ):
        await reachable(wechat)
        async with open_shop(
            Path(folder), account, wechat, with_worker=False, model=_MODEL
        ) as shop:
            questions = await shop.answerable(20)
            alone = await _agent_alone(shop, questions, count)
            ours = await _one_by_one(shop, questions, count)
        rates = [await _many(account, wechat, questions, count) for _ in range(plan.size(3, 1))]
    note = f"rounds: {', '.join(f'{one:.0f}' for one in rates)}"
    return {
        "p50": _reading(ours.passed, alone.passed, 0.5),
        "p99": _reading(ours.passed, alone.passed, 0.99),
        "cpu": _reading(ours.worked, alone.worked, 0.5),
        "rate": Reading(median(rates), count * len(rates), 1 / median(ours.passed), note),
    }


async def callbacks(port: int, account: WechatAccount, questions: list[str], count: int) -> Outcome:
    """Send in the load's process: one question from every customer, all within a moment."""
    written = letters(account, list(islice(cycle(questions), count)), known=count)
    return await closed_loop(port, written, connections=16, seconds=60)


async def _agent_alone(shop: Shop, questions: list[str], count: int) -> "_Timed":
    context = shop.container.agent_context(shop.brand)
    timed = _Timed()
    for text in islice(cycle(questions), count):
        turn = shop.turn(text)
        with timed.one():
            async with aclosing(run_turn(shop.container.graph, turn, context, timeout=60)) as run:
                async for _ in run:
                    pass
    return timed


async def _one_by_one(shop: Shop, questions: list[str], count: int) -> "_Timed":
    """Answer one turn at a time; the first round only warms caches up."""
    for customer, text in zip(customers(count), cycle(questions), strict=False):
        await shop.answer(await shop.ask(customer, text))
    timed = _Timed()
    for customer, text in zip(customers(count), cycle(questions), strict=False):
        conversation = await shop.ask(customer, text)
        with timed.one():
            await shop.answer(conversation)
    return timed


async def _many(account: WechatAccount, wechat: int, questions: list[str], count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
        async with open_shop(Path(folder), account, wechat, with_worker=True, model=_MODEL) as shop:
            await _answered(shop, account, questions, count, total=count)
            took = await _answered(shop, account, questions, count, total=2 * count)
    return count / took


async def _answered(
    shop: Shop, account: WechatAccount, questions: list[str], count: int, *, total: int
) -> float:
    """Have every customer ask and wait until all are answered; give the seconds it took."""
    sending = asyncio.create_task(apart(callbacks, shop.port, account, questions, count))
    await _until(shop, "", total - count + 1)
    began = time.perf_counter()
    await _until(shop, "answered", total)
    took = time.perf_counter() - began
    outcome = await sending
    assert outcome.lost == 0
    return took


async def _until(shop: Shop, status: str, count: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        # Asked from time to time: the line tells nobody that a turn is over.
        while await shop.counted(status) < count:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)


class _Timed:
    """Seconds of each turn: those that passed, and those of our processor time."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        self.worked: list[float] = []

    @contextmanager
    def one(self) -> Iterator[None]:
        """Time what is done inside."""
        began, used = time.perf_counter(), time.process_time()
        yield
        self.passed.append(time.perf_counter() - began)
        self.worked.append(time.process_time() - used)


def _reading(ours: list[float], alone: list[float], share: float) -> Reading:
    return Reading(
        milliseconds(quantile(ours, share)),
        len(ours),
        milliseconds(quantile(alone, share)),
        note=f"slowest {milliseconds(max(ours)):.1f} ms",
    )
