"""How soon a platform has its acknowledgement, at a fixed rate of callbacks."""

import tempfile
from pathlib import Path

from bench.apart import apart, free_port, neighbour, reachable
from bench.bare import BareApp
from bench.figures import Figure, Plan, Reading, Readings, Target, milliseconds, quantile
from bench.load import Outcome, open_loop
from bench.platform import letters, new_account, stand
from bench.shop import open_shop
from runtime.process import listening
from simulators.wechat.account import WechatAccount

_CUSTOMERS = 200
_SLOW, _FAST = 50, 200
_BARE = "bare app, same rate"

FIGURES = (
    Figure("p50_at_50", "acknowledged at 50/s, p50", "ms", Target(5), _BARE),
    Figure("p99_at_50", "acknowledged at 50/s, p99", "ms", Target(20), _BARE),
    Figure("p99_at_200", "acknowledged at 200/s, p99", "ms", Target(50), _BARE),
    Figure(
        "busy_p50_at_50", "acknowledged at 50/s, answering meanwhile, p50", "ms", Target(5), _BARE
    ),
    Figure(
        "busy_p99_at_50", "acknowledged at 50/s, answering meanwhile, p99", "ms", Target(20), _BARE
    ),
    Figure(
        "busy_p99_at_200",
        "acknowledged at 200/s, answering meanwhile, p99",
        "ms",
        reference=_BARE,
        reason="more than one process answers: shows how far intake suffers when turns pile up",
    ),
    Figure("lost", "callbacks lost, all of these", "", Target(0), reason="a count has no rival"),
)


async def measure(plan: Plan) -> Readings:
    """Send signed and encrypted callbacks, latencies counted from the intended send time."""
    seconds = plan.size(15, 2)
    account = new_account()
    bare = [await _against_bare(account, rate, seconds) for rate in (_SLOW, _FAST)]
    alone = [await _against_us(account, rate, seconds, answering=False) for rate in (_SLOW, _FAST)]
    busy = [await _against_us(account, rate, seconds, answering=True) for rate in (_SLOW, _FAST)]
    lost = sum(outcome.lost for outcome in (*alone, *busy))
    return {
        "p50_at_50": _reading(alone[0], bare[0], 0.5),
        "p99_at_50": _reading(alone[0], bare[0], 0.99),
        "p99_at_200": _reading(alone[1], bare[1], 0.99),
        "busy_p50_at_50": _reading(busy[0], bare[0], 0.5),
        "busy_p99_at_50": _reading(busy[0], bare[0], 0.99),
        "busy_p99_at_200": _reading(busy[1], bare[1], 0.99),
        "lost": Reading(lost, sum(outcome.sent for outcome in (*alone, *busy))),
    }


async def callbacks(port: int, account: WechatAccount, rate: float, seconds: int) -> Outcome:
    """Send in the load's process: a warm-up from every customer, then what is counted."""
    texts = [f"{number} 号订单满多少包邮" for number in range(round(rate * seconds))]
    await open_loop(port, letters(account, texts[:_CUSTOMERS], known=_CUSTOMERS), rate=rate)
    return await open_loop(port, letters(account, texts, known=_CUSTOMERS), rate=rate)


async def _against_bare(account: WechatAccount, rate: float, seconds: int) -> Outcome:
    async with listening(BareApp(account), "127.0.0.1", 0) as port:
        return await apart(callbacks, port, account, rate, seconds)


async def _against_us(
    account: WechatAccount, rate: float, seconds: int, *, answering: bool
) -> Outcome:
    wechat = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder,
        neighbour(stand, wechat, account, _CUSTOMERS),
    ):
        await reachable(wechat)
        async with open_shop(Path(folder), account, wechat, with_worker=answering) as shop:
            outcome = await apart(callbacks, shop.port, account, rate, seconds)
            warm_up = min(_CUSTOMERS, outcome.sent)
            kept = await shop.counted()
    if kept < warm_up + outcome.sent - outcome.lost:
        msg = f"{outcome.sent} callbacks were acknowledged, {kept} rows are there"
        raise AssertionError(msg)
    return outcome


def _reading(ours: Outcome, bare: Outcome, share: float) -> Reading:
    slowest = milliseconds(max(ours.latencies))
    return Reading(
        milliseconds(quantile(ours.latencies, share)),
        len(ours.latencies),
        milliseconds(quantile(bare.latencies, share)),
        note=f"slowest {slowest:.1f} ms",
    )
