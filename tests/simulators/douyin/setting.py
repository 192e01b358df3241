"""One Douyin app, and the platform around it."""

from typing import Any

import httpx

from simulators.delivery import RetryRule
from simulators.douyin.app import DouyinApp
from simulators.douyin.simulator import DouyinSimulator
from tests.simulators.callee import Clock

CLIENT_KEY, CLIENT_SECRET = "awsampleclientkey", "conformance-client-secret"
# As real ids do, it holds what a query string must escape.
BRAND = "aaa+7ae0/4399=914a"
CUSTOMER = "cust-open-id"
CLIENT = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}


async def no_wait(seconds: float) -> None:
    """Let time pass at once."""


def douyin_app(**change: Any) -> DouyinApp:
    fields = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET, "brands": (BRAND,)}
    return DouyinApp(**{**fields, **change})


def simulator(clock: Clock, app: DouyinApp | None = None) -> DouyinSimulator:
    return DouyinSimulator(
        app or douyin_app(), now=clock, sleep=no_wait, retry_rule=RetryRule(timeout=5)
    )


async def access_token(
    api: httpx.AsyncClient, douyin: DouyinSimulator, **consent: Any
) -> dict[str, Any]:
    """Exchange a fresh consent for tokens and give the answer's data."""
    form = {**CLIENT, "grant_type": "authorization_code", "code": douyin.authorise(**consent)}
    answer = await api.post("/oauth/access_token/", data=form)
    return dict(answer.json()["data"])


def reply(douyin: DouyinSimulator, message_id: str, **change: Any) -> dict[str, Any]:
    """A text in answer to a message."""
    return {
        "msg_id": message_id,
        "conversation_id": douyin.conversation(CUSTOMER).id,
        "to_user_id": CUSTOMER,
        "content": {"msg_type": 1, "text": {"text": "有的，M 码现货。"}},
        **change,
    }


async def send(
    api: httpx.AsyncClient, token: str, body: dict[str, Any], open_id: str = BRAND
) -> dict[str, Any]:
    """Send a direct message and give the whole answer."""
    answer = await api.post(
        "/im/send/msg/", params={"open_id": open_id}, headers={"access-token": token}, json=body
    )
    assert answer.status_code == 200
    return dict(answer.json())


def code_of(answer: dict[str, Any]) -> int:
    return int(answer["data"]["error_code"])
