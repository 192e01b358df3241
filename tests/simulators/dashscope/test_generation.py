import json
from typing import Any

import httpx
import pytest

from simulators.dashscope.errors import DashscopeError
from simulators.dashscope.replies import UNKNOWN, Reply, extractive_reply
from simulators.dashscope.requests import GenerationRequest, pieces, read_request
from simulators.dashscope.simulator import DashscopeSimulator
from simulators.faults import Fault, FaultKind
from tests.simulators.callee import Clock
from tests.simulators.dashscope.setting import (
    ANSWER,
    API_KEY,
    GENERATION,
    MESSAGES,
    PASSAGES,
    TOOLS,
)

SSE = {"x-dashscope-sse": "enable"}


def body(**change: Any) -> dict[str, Any]:
    return {
        "model": "qwen-plus",
        "input": {"messages": MESSAGES},
        "parameters": {"result_format": "message"},
        **change,
    }


async def refusal(api: httpx.AsyncClient, **change: Any) -> tuple[int, str, str]:
    answer = await api.post(GENERATION, json=body(**change))
    fields = answer.json()
    return answer.status_code, fields["code"], fields["message"]


class TestWire:
    async def test_stream_is_numbered_events_with_the_status_in_a_comment(
        self, api: httpx.AsyncClient
    ) -> None:
        parameters = {"result_format": "message", "incremental_output": True}

        answer = await api.post(GENERATION, json=body(parameters=parameters), headers=SSE)

        events = answer.text.strip().split("\n\n")
        first = events[0].split("\n")
        output = json.loads(first[3].removeprefix("data:"))["output"]
        assert answer.headers["content-type"] == "text/event-stream;charset=UTF-8"
        assert first[:3] == ["id:1", "event:result", ":HTTP_STATUS/200"]
        assert events[-1].startswith(f"id:{len(events)}\n")
        assert output["choices"][0] == {
            "finish_reason": "null",
            "message": {"role": "assistant", "content": "签收后七"},
        }

    async def test_refused_stream_is_one_error_event(self, api: httpx.AsyncClient) -> None:
        answer = await api.post(GENERATION, json=body(model="gpt"), headers=SSE)

        assert answer.status_code == 404
        assert answer.text.startswith("id:1\nevent:error\n:HTTP_STATUS/404\ndata:{")

    async def test_latency_before_and_between_tokens_is_slept(self, clock: Clock) -> None:
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        platform = DashscopeSimulator(API_KEY, now=clock, sleep=sleep)
        platform.faults.add(Fault(FaultKind.DELAY, seconds=2, chunk_seconds=0.5))
        transport = httpx.ASGITransport(app=platform.app)
        headers = {"authorization": f"Bearer {API_KEY}", **SSE}
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as api:
            answer = await api.post(GENERATION, json=body(), headers=headers)

        events = answer.text.strip().split("\n\n")
        assert slept == [2] + [0.5] * len(events)


class TestRefusals:
    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"input": {}}, 'Either "prompt" or "messages"'),
            ({"input": []}, 'Either "prompt" or "messages"'),
            ({"input": {"messages": ["x"]}}, "Role must be in"),
            ({"input": {"messages": [{"role": "bot", "content": "x"}]}}, "Role must be in"),
            (
                {"input": {"messages": [{"role": "tool", "content": "x", "tool_call_id": "1"}]}},
                "must be a response to a preceeding message",
            ),
            ({"parameters": {"tools": TOOLS}}, '"result_format" must be "message"'),
            ({"parameters": {"tools": [1]}}, "list of functions"),
            ({"parameters": [1]}, "parameters must be an object"),
            ({"input": {"messages": [{"role": "user"}]}}, "Range of input length"),
        ],
    )
    async def test_wrong_parameter_is_named(
        self, api: httpx.AsyncClient, change: dict[str, Any], complaint: str
    ) -> None:
        status, code, message = await refusal(api, **change)

        assert (status, code) == (400, "InvalidParameter")
        assert complaint in message

    async def test_context_has_an_end(self, clock: Clock) -> None:
        long = {"input": {"prompt": "好" * 11}}

        with pytest.raises(DashscopeError, match=r"Range of input length should be \[1, 10\]"):
            read_request(long, stream=False, max_input_tokens=10)

    async def test_unknown_model_is_not_found(self, api: httpx.AsyncClient) -> None:
        status, code, _ = await refusal(api, model="gpt")

        assert (status, code) == (404, "ModelNotFound")

    async def test_body_that_is_no_json_is_invalid(self, api: httpx.AsyncClient) -> None:
        answer = await api.post(GENERATION, content=b"{")

        assert (answer.status_code, answer.json()["code"]) == (400, "InvalidParameter")

    @pytest.mark.parametrize("header", ["", "Basic x", f"Bearer {API_KEY}x"])
    async def test_key_is_checked_before_anything(
        self, api: httpx.AsyncClient, dashscope: DashscopeSimulator, header: str
    ) -> None:
        answer = await api.post(GENERATION, content=b"{", headers={"authorization": header})

        assert (answer.status_code, answer.json()["code"]) == (401, "InvalidApiKey")
        assert dashscope.calls == []


class TestInspection:
    @pytest.fixture
    def dashscope(self, clock: Clock) -> DashscopeSimulator:
        """A platform that lets one word neither in nor out."""
        return DashscopeSimulator(API_KEY, now=clock, blocked_terms=["违禁"])

    async def test_input_is_inspected(self, api: httpx.AsyncClient) -> None:
        status, code, message = await refusal(api, input={"prompt": "违禁品"})

        assert (status, code) == (400, "DataInspectionFailed")
        assert message.startswith("Input data")

    async def test_output_is_inspected(
        self, api: httpx.AsyncClient, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply("这是违禁的话"))

        _, code, message = await refusal(api)

        assert (code, message[:11]) == ("DataInspectionFailed", "Output data")

    async def test_output_is_inspected_while_it_streams(
        self, api: httpx.AsyncClient, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply("这是一句违禁的话"))

        answer = await api.post(GENERATION, json=body(), headers=SSE)

        events = [line for line in answer.text.splitlines() if line.startswith("event:")]
        assert answer.status_code == 200
        assert events == ["event:result", "event:error"]


def request(*messages: tuple[str, Any]) -> GenerationRequest:
    listed = [{"role": role, "content": content} for role, content in messages]
    return read_request({"input": {"messages": listed}}, stream=False, max_input_tokens=10_000)


class TestExtractiveReply:
    def test_best_sentences_are_cited_by_number(self) -> None:
        actual = extractive_reply(request(("system", PASSAGES), ("user", "七天内可以退货吗？")))

        assert actual.text == ANSWER

    def test_question_is_found_behind_its_name(self) -> None:
        prompt = f"资料：\n{PASSAGES}\n顾客：门店几点营业，营业时间是？\n请回答。"

        actual = extractive_reply(request(("user", prompt)))

        assert actual.text == "门店营业时间是早上十点到晚上十点。[3]"

    def test_unnumbered_lines_serve_where_there_are_no_others(self) -> None:
        content = [{"text": "真丝连衣裙建议手洗。\n"}, {"text": "真丝怎么洗？手洗吗"}]

        assert extractive_reply(request(("user", content))).text == "真丝连衣裙建议手洗。"

    def test_latin_words_count_whole(self) -> None:
        prompt = "The silk dress is washed by hand.\nThe shop opens at ten.\nwhen opens the shop"

        assert extractive_reply(request(("user", prompt))).text == "The shop opens at ten."

    def test_question_beyond_the_passages_is_confessed(self) -> None:
        assert extractive_reply(request(("user", f"{PASSAGES}\n\n你喜欢篮球吗"))).text == UNKNOWN

    def test_plain_tool_answer_is_read_as_text(self) -> None:
        asked = {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}, "x"]}
        told = {"role": "tool", "content": "订单已经发货。", "tool_call_id": "1"}
        listed = [{"role": "user", "content": "订单发货了吗"}, asked, told]
        given = read_request({"input": {"messages": listed}}, stream=False, max_input_tokens=10_000)

        assert extractive_reply(given).text == "订单已经发货。"

    def test_prompt_without_a_question_is_confessed(self) -> None:
        assert extractive_reply(request(("user", "\n"))).text == UNKNOWN
        assert extractive_reply(request(("system", "资料"))).text == UNKNOWN


class TestScript:
    async def test_script_is_followed_then_the_rule_answers(self, api: httpx.AsyncClient) -> None:
        replies = [{"text": "一"}, {"tool_calls": [{"name": "f", "arguments": {"a": "甲"}}]}]
        scripted = await api.post("/_simulator/script", json={"replies": replies})

        answers = [(await api.post(GENERATION, json=body())).json()["output"] for _ in range(3)]

        messages = [answer["choices"][0]["message"] for answer in answers]
        assert scripted.json() == {"scripted": 2}
        assert messages[0]["content"] == "一"
        assert messages[1]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a": "甲"}'}
        assert messages[2]["content"] == ANSWER

    @pytest.mark.parametrize(
        ("fields", "complaint"),
        [
            ({}, "a script is a list of objects"),
            ({"replies": ["x"]}, "a script is a list of objects"),
            ({"replies": [{"tool_calls": [{}]}]}, "a tool call has a name"),
        ],
    )
    async def test_wrong_script_is_explained(
        self, api: httpx.AsyncClient, fields: dict[str, Any], complaint: str
    ) -> None:
        answer = await api.post("/_simulator/script", json=fields)

        assert (answer.status_code, complaint in answer.json()["error"]) == (400, True)

    async def test_another_process_reads_what_was_asked(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        await api.post(GENERATION, json=body())

        (item,) = (await api.get("/_simulator/inbox")).json()["inbox"]
        state = (await api.get("/_simulator/state")).json()

        assert (item["path"], item["body"]) == (GENERATION, body())
        assert item["at"] == clock().isoformat()
        assert state == {"platform": "dashscope", "calls": 1, "scripted": 0}

    async def test_rule_can_be_handed_in(self, clock: Clock) -> None:
        def name_tools(given: GenerationRequest) -> Reply:
            return Reply(",".join(given.tools))

        platform = DashscopeSimulator(API_KEY, now=clock, reply_rule=name_tools)
        transport = httpx.ASGITransport(app=platform.app)
        headers = {"authorization": f"Bearer {API_KEY}"}
        parameters = {"result_format": "message", "tools": TOOLS}
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as api:
            answer = await api.post(GENERATION, json=body(parameters=parameters), headers=headers)

        message = answer.json()["output"]["choices"][0]["message"]
        assert message["content"] == "find_order"


def test_pieces_join_to_the_text() -> None:
    text = "  Size M，现货 12 件。\n"

    assert "".join(pieces(text)) == text
    assert pieces(text)[:3] == ["  Size", " M", "，"]
