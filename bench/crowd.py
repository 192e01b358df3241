"""Fifty customers who ask at once while the model takes ten seconds."""

import asyncio
import tempfile
import time
from pathlib import Path

import httpx

from bench.apart import apart, free_port
from bench.figures import Figure, Plan, Reading, Readings, Target, median
from bench.models import TimedChatModel, tokens_of
from bench.platform import CALLBACK, customers, new_account
from bench.shop import open_shop
from runtime import clock
from runtime.process import listening
from simulators.wechat.account import WechatAccount
from simulators.wechat.simulator import WechatSimulator

_CUSTOMERS = 50
_THINKS = 10.0
_OWN = 0.5
_PATIENCE = 30.0
_LOOK_EVERY = 0.002
_QUESTION = "满多少包邮"
_ANSWER = "您好，配送说明里写得很清楚。"

FIGURES = (
    Figure(
        "last",
        "50 customers at once, 10 s model: last answer after its question",
        "s",
        Target(_THINKS + _OWN),
        "the model alone",
    ),
    Figure(
        "answered",
        "50 customers at once: answered",
        "of 50",
        Target(_CUSTOMERS, at_least=True),
        "asked",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Have all ask in the same moment; times are the platform's, from push to bubble."""
    model = TimedChatModel(tokens=tokens_of([_ANSWER]), first_after=_THINKS)
    account, wechat = new_account(), free_port()
    with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
        async with open_shop(Path(folder), account, wechat, with_worker=True, model=model) as shop:
            waits = await apart(ask_at_once, shop.port, wechat, account)
    return {
        "last": Reading(
            max(waits, default=_PATIENCE), len(waits), _THINKS, f"median {median(waits):.2f} s"
        ),
        "answered": Reading(len(waits), _CUSTOMERS, _CUSTOMERS),
    }


async def ask_at_once(port: int, wechat_port: int, account: WechatAccount) -> list[float]:
    """Be WeChat and its customers; give how long each who was answered waited."""
    wechat = WechatSimulator(account, now=clock.now)
    async with (
        httpx.AsyncClient(timeout=30.0) as http,
        listening(wechat.app, "127.0.0.1", wechat_port),
    ):
        wechat.connect(f"http://127.0.0.1:{port}{CALLBACK}", http)
        asked = [_ask(wechat, customer) for customer in customers(_CUSTOMERS)]
        waits = await asyncio.gather(*asked)
    return [wait for wait in waits if wait is not None]


async def _ask(wechat: WechatSimulator, customer: str) -> float | None:
    began = time.monotonic()
    await wechat.push_text(customer, _QUESTION)
    while not (inbox := wechat.inbox(customer)):
        if time.monotonic() - began > _PATIENCE:
            return None
        await asyncio.sleep(_LOOK_EVERY)
    assert inbox[0].text.startswith(_ANSWER[:-1])
    return time.monotonic() - began
