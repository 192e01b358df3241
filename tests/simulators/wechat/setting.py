"""One WeChat account, and the platform around it."""

import json
from typing import Any

import httpx

from simulators.delivery import RetryRule
from simulators.wechat.account import PushFormat, PushMode, WechatAccount
from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Clock

APPID = "wxba5fad812f8e6fb9"
SECRET = "a-secret-of-the-console"
CREDENTIALS = {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}
SEND_PATH = "/cgi-bin/message/custom/send"
OPENID = "o9AgO5Kd5ggOC-bXrbNODIiE3bGY"


def account(
    mode: PushMode = PushMode.SAFE, fmt: PushFormat = PushFormat.JSON, appid: str = APPID
) -> WechatAccount:
    return WechatAccount(
        appid=appid,
        secret=SECRET,
        original_id="gh_97417a04a28d",
        token="AAAAA",
        encoding_aes_key="A" * 43,
        mode=mode,
        format=fmt,
    )


async def no_wait(seconds: float) -> None:
    """Let time pass at once."""


def simulator(clock: Clock, *accounts: WechatAccount, timeout: float = 5.0) -> WechatSimulator:
    return WechatSimulator(
        *(accounts or (account(),)),
        now=clock,
        sleep=no_wait,
        retry_rule=RetryRule(timeout=timeout),
    )


def text(content: str, openid: str = OPENID) -> dict[str, Any]:
    return {"touser": openid, "msgtype": "text", "text": {"content": content}}


async def send(
    api: httpx.AsyncClient, token: str, body: dict[str, Any], path: str = SEND_PATH
) -> int:
    """Post a message as raw UTF-8 and give the errcode."""
    content = json.dumps(body, ensure_ascii=False).encode()
    answer = await api.post(path, params={"access_token": token}, content=content)
    assert answer.status_code == 200
    return int(answer.json()["errcode"])


async def stable(api: httpx.AsyncClient, *, force: bool = False) -> dict[str, Any]:
    """Ask for a stable token and give the answer."""
    answer = await api.post("/cgi-bin/stable_token", json={**CREDENTIALS, "force_refresh": force})
    return dict(answer.json())
