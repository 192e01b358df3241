"""The real SDK against the simulator, over HTTP on loopback."""

import asyncio
import json
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from dashscope import AioGeneration, Generation, TextEmbedding
from dashscope.api_entities.dashscope_response import GenerationResponse

from simulators.dashscope.errors import Code
from simulators.dashscope.replies import Reply, ToolCall
from simulators.dashscope.simulator import DashscopeSimulator
from simulators.faults import Fault, FaultKind
from tests.simulators.dashscope.setting import ANSWER, API_KEY, MESSAGES, TOOLS

ORDER_CALL = ToolCall("find_order", '{"order_id": "A1024"}')


def arguments(base_address: str, **change: Any) -> dict[str, Any]:
    return {
        "model": "qwen-plus",
        "messages": MESSAGES,
        "api_key": API_KEY,
        "base_address": base_address,
        "result_format": "message",
        **change,
    }


async def generate(base_address: str, **change: Any) -> Any:
    """Give what the SDK gives: a response, or something that yields responses."""
    return await AioGeneration.call(**arguments(base_address, **change))


async def stream(base_address: str, **change: Any) -> list[GenerationResponse]:
    change = {"incremental_output": True, **change}
    events = await generate(base_address, stream=True, **change)
    return [event async for event in events]


def message(response: Any) -> Any:
    return response.output.choices[0].message


class TestWhole:
    async def test_answer_is_grounded_in_the_passages(self, base_address: str) -> None:
        response = await generate(base_address)

        usage = response.usage
        assert (response.status_code, message(response).content) == (200, ANSWER)
        assert response.output.choices[0].finish_reason == "stop"
        assert usage.input_tokens + usage.output_tokens == usage["total_tokens"]
        assert usage.output_tokens > 0
        assert response.request_id in response.headers.values()

    async def test_text_format_has_the_answer_at_the_top(self, base_address: str) -> None:
        response = await generate(base_address, result_format="text")

        assert (response.output.text, response.output.finish_reason) == (ANSWER, "stop")

    async def test_prompt_works_as_well_as_messages(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply("好的。"))

        response = await generate(base_address, messages=None, prompt="在吗")

        assert message(response).content == "好的。"

    async def test_tool_calls_come_with_their_arguments(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply(tool_calls=(ORDER_CALL,)))

        response = await generate(base_address, tools=TOOLS)

        (call,) = message(response).tool_calls
        assert response.output.choices[0].finish_reason == "tool_calls"
        assert call["function"] == {"name": "find_order", "arguments": ORDER_CALL.arguments}
        assert (call["type"], call["index"], call["id"][:5]) == ("function", 0, "call_")

    async def test_tool_answer_is_a_passage_for_the_next_turn(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply(tool_calls=(ORDER_CALL,)))
        asked = [{"role": "user", "content": "订单A1024发货了吗？"}]
        calling = message(await generate(base_address, messages=asked, tools=TOOLS))
        answered = {
            "role": "tool",
            "tool_call_id": calling.tool_calls[0]["id"],
            "content": json.dumps({"orders": [{"state": "订单A1024已发货。"}], "n": 1}),
        }

        response = await generate(base_address, messages=[*asked, calling, answered], tools=TOOLS)

        assert message(response).content == "订单A1024已发货。"

    async def test_max_tokens_cuts_the_answer(self, base_address: str) -> None:
        response = await generate(base_address, max_tokens=4)

        assert message(response).content == "签收后七"
        assert response.output.choices[0].finish_reason == "length"

    async def test_synchronous_sdk_works_too(self, base_address: str) -> None:
        response: Any = await asyncio.to_thread(Generation.call, **arguments(base_address))

        assert message(response).content == ANSWER


class TestStream:
    async def test_increments_join_to_the_answer(self, base_address: str) -> None:
        events = await stream(base_address)

        reasons = [event.output.choices[0].finish_reason for event in events]
        outputs = [event.usage.output_tokens for event in events]
        assert "".join(message(event).content for event in events) == ANSWER
        assert len(events) > 3
        assert reasons == ["null"] * (len(events) - 1) + ["stop"]
        assert outputs == sorted(outputs)
        assert len({event.request_id for event in events}) == 1

    async def test_without_increments_each_event_has_all_so_far(self, base_address: str) -> None:
        events = await stream(base_address, incremental_output=None)

        texts = [message(event).content for event in events]
        assert texts[-1] == ANSWER
        assert all(later.startswith(earlier) for earlier, later in pairwise(texts))

    async def test_sdk_merges_increments_where_it_is_told_to(self, base_address: str) -> None:
        events = await stream(base_address, incremental_output=False)

        assert message(events[-1]).content == ANSWER

    async def test_text_format_streams_too(self, base_address: str) -> None:
        events = await stream(base_address, result_format="text")

        assert "".join(event.output.text for event in events) == ANSWER

    async def test_tool_call_arguments_grow(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        second = ToolCall("find_order", "{}")
        dashscope.script.append(Reply("我查一下。", (ORDER_CALL, second)))

        events = await stream(base_address, tools=TOOLS)

        arguments = ["", ""]
        names: list[str] = []
        for event in events:
            for call in message(event).get("tool_calls", []):
                arguments[call["index"]] += call["function"]["arguments"]
                names += [call["function"]["name"]] if call["id"] else []
        assert arguments == [ORDER_CALL.arguments, "{}"]
        assert names == ["find_order", "find_order"]
        assert "".join(message(event).content for event in events) == "我查一下。"
        assert events[-1].output.choices[0].finish_reason == "tool_calls"

    async def test_tool_calls_without_increments_are_whole_at_the_end(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.script.append(Reply(tool_calls=(ORDER_CALL, ORDER_CALL)))

        events = await stream(base_address, tools=TOOLS, incremental_output=None)

        calls = message(events[-1]).tool_calls
        assert [call["function"]["arguments"] for call in calls] == [ORDER_CALL.arguments] * 2


class TestTrouble:
    async def test_wrong_key_is_refused_whole_and_streamed(self, base_address: str) -> None:
        whole = await generate(base_address, api_key="sk-wrong")
        (streamed,) = await stream(base_address, api_key="sk-wrong")

        assert (whole.status_code, whole.code) == (401, "InvalidApiKey")
        assert (streamed.status_code, streamed.code) == (401, "InvalidApiKey")

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            (Code.RATE_QUOTA, 429),
            (Code.INSPECTION_FAILED, 400),
            (Code.INTERNAL_ERROR, 500),
            (Code.MODEL_UNAVAILABLE, 503),
            ("SomethingNew", 500),
        ],
    )
    async def test_next_calls_can_be_refused(
        self, base_address: str, dashscope: DashscopeSimulator, *, code: str, status: int
    ) -> None:
        dashscope.faults.add(Fault(FaultKind.CODE, path="generation", code=code, times=2))

        whole = await generate(base_address)
        (streamed,) = await stream(base_address)
        after = await generate(base_address)

        assert (whole.status_code, whole.code) == (status, code)
        assert (streamed.status_code, streamed.code) == (status, code)
        assert after.status_code == 200

    async def test_error_in_mid_stream_comes_after_what_was_written(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.faults.add(Fault(FaultKind.CODE, code=Code.INSPECTION_FAILED, after=2))

        events = await stream(base_address)

        assert [event.status_code for event in events] == [200, 200, 400]
        assert events[-1].code == "DataInspectionFailed"

    async def test_broken_stream_ends_without_a_reason(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.faults.add(Fault(FaultKind.CUT, after=2))

        events = await generate(base_address, stream=True, incremental_output=True)
        seen = [await anext(events), await anext(events)]

        assert [event.output.choices[0].finish_reason for event in seen] == ["null", "null"]
        with pytest.raises(aiohttp.ClientPayloadError):
            await anext(events)

    async def test_hanging_platform_outlasts_the_callers_patience(
        self, base_address: str, dashscope: DashscopeSimulator
    ) -> None:
        dashscope.faults.add(Fault(FaultKind.HANG))

        with pytest.raises(TimeoutError):
            await generate(base_address, request_timeout=0.1)


class TestEmbedding:
    async def test_sdk_reads_the_vectors(self, base_address: str) -> None:
        response = await asyncio.to_thread(
            TextEmbedding.call,
            model="text-embedding-v4",
            input=["真丝连衣裙", "门店几点开门"],
            text_type="document",
            dimension=512,
            api_key=API_KEY,
            base_address=base_address,
        )

        found = response.output["embeddings"]
        assert response.status_code == 200
        assert [item["text_index"] for item in found] == [0, 1]
        assert [len(item["embedding"]) for item in found] == [512, 512]
        assert response.usage["total_tokens"] == 11

    async def test_sdk_reads_the_refusal(self, base_address: str) -> None:
        response = await asyncio.to_thread(
            TextEmbedding.call,
            model="text-embedding-v4",
            input="真丝",
            dimension=7,
            api_key=API_KEY,
            base_address=base_address,
        )

        assert (response.status_code, response.code) == (400, "InvalidParameter")
