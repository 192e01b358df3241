"""Whatever a caller sends, a platform answers in its own words."""

import json
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.dashscope.simulator import DashscopeSimulator
from simulators.douyin.conversations import Scene
from tests.simulators.callee import Clock
from tests.simulators.dashscope.setting import API_KEY, EMBEDDING, GENERATION
from tests.simulators.douyin.setting import BRAND, CUSTOMER, access_token
from tests.simulators.douyin.setting import simulator as douyin_simulator
from tests.simulators.wechat.setting import OPENID, SEND_PATH
from tests.simulators.wechat.setting import simulator as wechat_simulator

SCALARS = st.none() | st.booleans() | st.integers(-5, 300) | st.text(max_size=5)
# Each example builds a platform; a thousand of them were tried once by hand.
FEW = settings(max_examples=15, deadline=None)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://p.test")


@FEW
@given(
    st.fixed_dictionaries(
        {"touser": st.just(OPENID) | JSON, "msgtype": st.sampled_from(["text", "link"]) | JSON},
        optional={"text": st.fixed_dictionaries({"content": JSON}) | JSON, "aimsgcontext": JSON},
    )
)
async def test_wechat_answers_any_message(body: dict[str, Any]) -> None:
    wechat = wechat_simulator(Clock())
    wechat.customer(OPENID)
    token, _ = wechat.platform.tokens.plain(wechat.platform.account(None))

    async with client(wechat.app) as api:
        answer = await api.post(SEND_PATH, params={"access_token": token}, json=body)

    assert answer.status_code == 200
    assert isinstance(answer.json()["errcode"], int)


@FEW
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "msg_id": st.just("@m") | JSON,
            "to_user_id": st.just(CUSTOMER) | JSON,
            "scene": JSON,
            "content": st.fixed_dictionaries(
                {"msg_type": st.sampled_from([1, 2, 8]) | JSON},
                optional={"text": st.fixed_dictionaries({"text": JSON}) | JSON, "image": JSON},
            )
            | JSON,
        },
    )
)
async def test_douyin_answers_any_message(body: dict[str, Any]) -> None:
    douyin = douyin_simulator(Clock())
    conversation = douyin.conversation(CUSTOMER)
    douyin.book.open(conversation, "@m", Scene.REPLY)

    async with client(douyin.app) as api:
        headers = {"access-token": (await access_token(api, douyin))["access_token"]}
        answer = await api.post(
            "/im/send/msg/",
            params={"open_id": BRAND},
            headers=headers,
            json={"conversation_id": conversation.id, **body},
        )

    assert answer.status_code == 200
    assert isinstance(answer.json()["data"]["error_code"], int)


MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool"]) | JSON},
    optional={"content": JSON, "tool_calls": JSON, "tool_call_id": JSON},
)


@FEW
@given(
    path=st.sampled_from([GENERATION, EMBEDDING]),
    body=st.fixed_dictionaries(
        {"model": st.sampled_from(["qwen-plus", "text-embedding-v4"]) | JSON},
        optional={
            "input": st.fixed_dictionaries(
                {},
                optional={
                    "messages": st.lists(MESSAGE, max_size=3) | JSON,
                    "prompt": JSON,
                    "texts": JSON,
                },
            )
            | JSON,
            "parameters": st.dictionaries(
                st.sampled_from(["tools", "max_tokens", "dimension", "text_type", "output_type"]),
                JSON,
            )
            | JSON,
        },
    ),
    stream=st.booleans(),
)
async def test_dashscope_answers_any_request(
    path: str, body: dict[str, Any], *, stream: bool
) -> None:
    dashscope = DashscopeSimulator(API_KEY, now=Clock())
    headers = {"authorization": f"Bearer {API_KEY}"}
    headers |= {"x-dashscope-sse": "enable"} if stream else {}

    async with client(dashscope.app) as api:
        answer = await api.post(path, content=json.dumps(body), headers=headers)

    assert answer.status_code in {200, 400, 404}
    assert "request_id" in answer.text


@FEW
@given(st.sampled_from(["push", "login", "faults"]), JSON)
async def test_control_plane_answers_any_order(action: str, body: Any) -> None:
    async with client(wechat_simulator(Clock()).app) as api:
        answer = await api.post(f"/_simulator/{action}", json=body)

    assert answer.status_code in {200, 400}
