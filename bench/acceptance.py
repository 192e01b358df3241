"""How many callbacks a second are taken on for good."""

import tempfile
from pathlib import Path

from bench.apart import apart
from bench.bare import BareApp
from bench.figures import Figure, Plan, Reading, Readings, Target, median
from bench.load import Outcome, closed_loop
from bench.platform import letters, new_account
from bench.shop import open_shop
from runtime.process import listening
from simulators.wechat.account import WechatAccount

_CUSTOMERS = 200
_CONNECTIONS = 64
_MOST_A_SECOND = 2_500
"""Letters are written before the clock runs; the bare app may ask for them again."""

FIGURES = (
    Figure(
        "accepted",
        "callbacks accepted and durable, 64 connections",
        "/s",
        Target(1_000, at_least=True),
        "bare app, same load",
    ),
    Figure(
        "share",
        "share of the bare app's rate",
        "%",
        reason="stands beside the rate above; the bare app keeps nothing",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Send on every connection as soon as the acknowledgement of the last is there."""
    seconds, rounds = plan.size(5, 1), plan.size(3, 1)
    account = new_account()
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(_rate(await _against_bare(account, seconds)))
        ours.append(_rate(await _against_us(account, seconds)))
    rate, reference = median(ours), median(bare)
    each = ", ".join(f"{one:.0f}" for one in ours)
    return {
        "accepted": Reading(rate, rounds, reference, note=f"rounds: {each}"),
        "share": Reading(100 * rate / reference, rounds),
    }


async def callbacks(port: int, account: WechatAccount, seconds: float) -> Outcome:
    """Send in the load's process."""
    texts = [f"{number} 号订单满多少包邮" for number in range(round(_MOST_A_SECOND * seconds))]
    written = letters(account, texts, known=_CUSTOMERS)
    warm_up, counted = written[:_CUSTOMERS], written[_CUSTOMERS:]
    await closed_loop(port, warm_up, connections=8, seconds=seconds)
    return await closed_loop(port, counted, connections=_CONNECTIONS, seconds=seconds)


async def again(port: int, account: WechatAccount, seconds: float) -> Outcome:
    """Send in the load's process to who does not mind the same message twice."""
    written = letters(account, ["满多少包邮"] * _CUSTOMERS, known=_CUSTOMERS)
    counted = written * round(8 * _MOST_A_SECOND * seconds / _CUSTOMERS)
    return await closed_loop(port, counted, connections=_CONNECTIONS, seconds=seconds)


async def _against_bare(account: WechatAccount, seconds: float) -> Outcome:
    async with listening(BareApp(account), "127.0.0.1", 0) as port:
        return await apart(again, port, account, seconds)


async def _against_us(account: WechatAccount, seconds: float) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
        # Nobody is sent anything: the worker does not run, as in a process that only takes on.
        async with open_shop(Path(folder), account, 1, with_worker=False) as shop:
            outcome = await apart(callbacks, shop.port, account, seconds)
            kept = await shop.counted()
    if kept < _CUSTOMERS + len(outcome.latencies) or outcome.lost:
        msg = f"{len(outcome.latencies)} of {outcome.sent} were acknowledged, {kept} rows are there"
        raise AssertionError(msg)
    return outcome


def _rate(outcome: Outcome) -> float:
    return len(outcome.latencies) / outcome.seconds
