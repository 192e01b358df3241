"""WeChat, simulated in a process of its own, and its callbacks, signed and sealed beforehand."""

import asyncio
import secrets
import string
from collections.abc import Sequence
from datetime import timedelta

from bench.wire import request
from runtime import clock
from runtime.process import listening
from simulators.wechat.account import WechatAccount
from simulators.wechat.customers import Allowance, Trigger
from simulators.wechat.envelope import Envelope
from simulators.wechat.simulator import WechatSimulator

CALLBACK = "/webhooks/wechat-miniprogram/bench"
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_GENEROUS = {Trigger.MESSAGE: Allowance(1_000_000, timedelta(hours=48))}
"""The load is many days of a customer in a minute; what may be sent is not measured here."""


def new_account() -> WechatAccount:
    """Make up an account; pushes are JSON in safe mode."""
    return WechatAccount(
        appid=f"wx{secrets.token_hex(8)}",
        secret=secrets.token_hex(16),
        original_id=f"gh_{secrets.token_hex(6)}",
        token=secrets.token_hex(12),
        encoding_aes_key="".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(43)),
    )


def customers(count: int) -> list[str]:
    """Name customers."""
    return [f"customer-{number}" for number in range(count)]


async def stand(port: int, account: WechatAccount, known: int) -> None:
    """Be WeChat for an account with so many customers, until ended."""
    wechat = WechatSimulator(account, now=clock.now, allowances=_GENEROUS)
    for openid in customers(known):
        wechat.customer(openid).act(Trigger.MESSAGE, _GENEROUS, clock.now())
    async with listening(wechat.app, "127.0.0.1", port):
        await asyncio.Event().wait()


def letters(
    account: WechatAccount, texts: Sequence[str], *, known: int, path: str = CALLBACK
) -> list[bytes]:
    """Write pushes as they go over the wire, one customer after the other."""
    wechat = WechatSimulator(account, now=clock.now)
    envelope = Envelope(account, now=clock.now, random_bytes=secrets.token_bytes)
    openids = customers(known)
    written = []
    for number, text in enumerate(texts):
        fields = wechat.message("text", openids[number % known], {"Content": text})
        letter = envelope.push(fields)
        written.append(
            request("POST", path, query=letter.query, headers=letter.headers, body=letter.body)
        )
    return written
