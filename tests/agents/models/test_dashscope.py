import traceback
from collections.abc import Sequence

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from starlette.types import ASGIApp, Receive, Scope, Send

from agents.errors import AgentError, ModelRefusedError, ModelUnavailableError
from agents.models.dashscope import DashscopeChatModel
from agents.models.dashscope_errors import error_of
from agents.models.retries import RetryBudget
from simulators.dashscope.replies import Reply, ToolCall
from simulators.dashscope.requests import count_tokens
from simulators.dashscope.simulator import DashscopeSimulator
from simulators.faults import Fault, FaultKind
from tests.agents.models.conftest import API_KEY, MakeModel, Waits
from tests.simulators.conftest import Serve

_ASKED = [HumanMessage("几天能退？")]
_ANSWER = "签收后 7 天内可以无理由退货，商品须完好，运费由买家承担。"


async def stream(model: DashscopeChatModel) -> list[AIMessageChunk]:
    return [chunk async for chunk in model.astream(_ASKED)]


def answering(body: bytes, status: int = 200, content_type: str = "application/json") -> ASGIApp:
    """An app that answers what no DashScope would."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        headers = [(b"content-type", content_type.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


class TestAnswers:
    async def test_text_is_streamed_in_pieces(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        platform.script.append(Reply(_ANSWER))

        pieces = await stream(model)

        assert "".join(piece.text for piece in pieces) == _ANSWER
        assert len([piece for piece in pieces if piece.text]) > 3

    async def test_usage_adds_up_to_what_the_platform_counted(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        platform.script.append(Reply(_ANSWER))

        whole = await model.ainvoke(_ASKED)

        assert whole.text == _ANSWER
        assert whole.response_metadata["finish_reason"] == "stop"
        assert whole.usage_metadata
        assert whole.usage_metadata["input_tokens"] == count_tokens(_ASKED[0].text)
        assert whole.usage_metadata["output_tokens"] == count_tokens(_ANSWER)

    async def test_parameters_go_with_the_call(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel
    ) -> None:
        model = make_model(serve(platform.app), parameters={"max_tokens": 3, "temperature": 0.1})
        platform.script.append(Reply(_ANSWER))

        whole = await model.ainvoke(_ASKED, stop=["完"])

        sent = platform.calls[0].body
        assert sent["parameters"]["temperature"] == 0.1
        assert sent["parameters"]["stop"] == ["完"]
        assert sent["input"]["messages"] == [{"role": "user", "content": "几天能退？"}]
        assert whole.response_metadata["finish_reason"] == "length"

    def test_it_can_be_asked_synchronously(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel
    ) -> None:
        platform.script.append(Reply(_ANSWER))

        assert make_model(serve(platform.app)).invoke(_ASKED).text == _ANSWER


class TestTools:
    async def test_a_call_is_put_together_from_its_pieces(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        @tool
        def find_order(order_id: str) -> str:
            """Find an order."""
            return order_id

        platform.script.append(Reply("", (ToolCall("find_order", '{"order_id": "A1024"}'),)))

        whole = await model.bind_tools([find_order], tool_choice="auto").ainvoke(_ASKED)

        (call,) = whole.tool_calls
        assert (call["name"], call["args"]) == ("find_order", {"order_id": "A1024"})
        parameters = platform.calls[0].body["parameters"]
        assert parameters["tools"][0]["function"]["name"] == "find_order"
        assert parameters["tool_choice"] == "auto"

    async def test_one_tool_can_be_demanded(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        platform.script.append(Reply("好。"))
        offered = {"type": "function", "function": {"name": "f", "parameters": {}}}

        await model.bind_tools([offered], tool_choice="f").ainvoke(_ASKED)

        choice = platform.calls[0].body["parameters"]["tool_choice"]
        assert choice == {"type": "function", "function": {"name": "f"}}

    async def test_calls_and_their_results_go_back_to_the_model(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        platform.script.append(Reply("已发货。"))
        called = AIMessage("", tool_calls=[{"name": "f", "args": {"x": 1}, "id": "call-1"}])

        await model.ainvoke([*_ASKED, called, ToolMessage("在途", tool_call_id="call-1")])

        _, call, result = platform.calls[0].body["input"]["messages"]
        assert call["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"x": 1}'}
        assert (result["role"], result["tool_call_id"]) == ("tool", "call-1")


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (401, "InvalidApiKey", ModelRefusedError),
            (403, "AccessDenied", ModelRefusedError),
            (403, "AccessDenied.Unpurchased", ModelRefusedError),
            (403, "Model.AccessDenied", ModelRefusedError),
            (403, "AllocationQuota.FreeTierOnly", ModelRefusedError),
            (400, "Arrearage", ModelRefusedError),
            (400, "DataInspectionFailed", ModelRefusedError),
            (400, "data_inspection_failed", ModelRefusedError),
            (400, "InvalidParameter", ModelRefusedError),
            (404, "ModelNotFound", ModelRefusedError),
            (413, "BadRequest.TooLarge", ModelRefusedError),
            (400, "SomethingNew", ModelRefusedError),
            (429, "Throttling", ModelUnavailableError),
            (429, "Throttling.RateQuota", ModelUnavailableError),
            (429, "Throttling.AllocationQuota", ModelUnavailableError),
            (429, "limit_requests", ModelUnavailableError),
            (400, "Throttling.BurstRate", ModelUnavailableError),
            (500, "InternalError.Algo", ModelUnavailableError),
            (500, "RequestTimeOut", ModelUnavailableError),
            (503, "ModelServingError", ModelUnavailableError),
            (503, "ModelUnavailable", ModelUnavailableError),
            (408, "", ModelUnavailableError),
            (502, "Unknown", ModelUnavailableError),
            (429, "SomethingNew", ModelUnavailableError),
        ],
    )
    def test_every_code_has_its_kind(self, status: int, code: str, kind: type[AgentError]) -> None:
        error = error_of(status, code, "qwen-plus", "request-1")

        assert type(error) is kind
        assert str(error) == (
            f"dashscope answered model 'qwen-plus' with {status} {code!r} in request 'request-1'"
        )

    async def test_what_waiting_does_not_help_is_not_asked_again(
        self, model: DashscopeChatModel, platform: DashscopeSimulator, waits: Waits
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, code="DataInspectionFailed"))

        with pytest.raises(ModelRefusedError, match="DataInspectionFailed"):
            await stream(model)

        assert waits.waited == []

    async def test_a_wrong_key_is_refused_and_shows_nowhere(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel
    ) -> None:
        model = make_model(serve(platform.app), api_key="sk-wrong-and-secret")

        with pytest.raises(ModelRefusedError, match="InvalidApiKey") as caught:
            await stream(model)

        told = "".join(traceback.format_exception(caught.value)) + repr(model) + str(model)
        assert "sk-wrong-and-secret" not in told

    @pytest.mark.parametrize(
        ("body", "status", "content_type"),
        [
            (b"<html>bad gateway</html>", 502, "text/html"),
            (b"{", 500, "application/json"),
            (b"[]", 200, "application/json"),
            (b"not json", 200, "text/plain"),
            (b"data:{\n\n", 200, "text/event-stream"),
            (b'data:{"request_id":"1"}\n\n', 200, "text/event-stream"),
            (b'event:error\ndata:{"request_id":"1"}\n\n', 200, "text/event-stream"),
            (b'data:{"output":{"choices":[]}}\n\n', 200, "text/event-stream"),
            (b"", 200, "text/event-stream"),
        ],
    )
    async def test_a_broken_gateway_is_an_unavailable_model(
        self, serve: Serve, make_model: MakeModel, body: bytes, status: int, content_type: str
    ) -> None:
        model = make_model(serve(answering(body, status, content_type)))

        with pytest.raises(ModelUnavailableError) as caught:
            await stream(model)

        assert API_KEY not in "".join(map(repr, chain(caught.value)))

    async def test_nobody_there_is_an_unavailable_model(self, make_model: MakeModel) -> None:
        with pytest.raises(ModelUnavailableError, match="broken connection"):
            await stream(make_model("http://127.0.0.1:9"))


def chain(error: BaseException | None) -> Sequence[BaseException]:
    """An error with all that it came from."""
    return [] if error is None else [error, *chain(error.__cause__), *chain(error.__context__)]


class TestRetries:
    async def test_what_passes_is_asked_again(
        self, model: DashscopeChatModel, platform: DashscopeSimulator, waits: Waits
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, code="Throttling.RateQuota", times=2))
        platform.script.append(Reply(_ANSWER))

        whole = await model.ainvoke(_ASKED)

        assert whole.text == _ANSWER
        assert waits.waited == [0.5, 1.0]

    async def test_attempts_have_an_end(
        self, model: DashscopeChatModel, platform: DashscopeSimulator, waits: Waits
    ) -> None:
        platform.faults.add(Fault(FaultKind.STATUS, status=503, times=None))

        with pytest.raises(ModelUnavailableError, match="503"):
            await stream(model)

        assert len(waits.waited) == 2

    async def test_seconds_have_an_end(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel, waits: Waits
    ) -> None:
        budget = RetryBudget(attempts=9, seconds=2.0)
        model = make_model(serve(platform.app), budget=budget)
        platform.faults.add(Fault(FaultKind.CODE, code="Throttling", times=None))

        with pytest.raises(ModelUnavailableError, match="Throttling"):
            await stream(model)

        assert waits.waited == [0.5, 1.0]

    async def test_a_platform_that_names_a_wait_is_heard(
        self, serve: Serve, make_model: MakeModel, waits: Waits
    ) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            headers = [(b"content-type", b"application/json"), (b"retry-after", b"7")]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            body = b'{"code": "Throttling", "message": ""}'
            await send({"type": "http.response.body", "body": body})

        with pytest.raises(ModelUnavailableError):
            await stream(make_model(serve(app)))

        assert waits.waited == [7.0, 7.0]

    async def test_an_answer_cut_after_its_first_piece_is_not_asked_again(
        self, model: DashscopeChatModel, platform: DashscopeSimulator, waits: Waits
    ) -> None:
        platform.faults.add(Fault(FaultKind.CUT, after=2))
        platform.script.append(Reply(_ANSWER))
        pieces = model.astream(_ASKED)

        first = await anext(pieces)
        with pytest.raises(ModelUnavailableError, match="broken connection"):
            [piece async for piece in pieces]

        assert _ANSWER.startswith(first.text)
        assert waits.waited == []

    async def test_an_error_in_mid_stream_goes_by_its_code(
        self, model: DashscopeChatModel, platform: DashscopeSimulator
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, code="DataInspectionFailed", after=2))
        platform.script.append(Reply(_ANSWER))

        with pytest.raises(ModelRefusedError, match="DataInspectionFailed"):
            await stream(model)

    async def test_a_platform_that_hangs_is_left(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel
    ) -> None:
        platform.faults.add(Fault(FaultKind.HANG))
        model = make_model(serve(platform.app), idle_timeout=0.05, budget=RetryBudget(attempts=1))

        with pytest.raises(ModelUnavailableError, match=r"no answer in 0\.05 s"):
            await stream(model)

    async def test_an_answer_has_to_be_given_in_time(
        self, platform: DashscopeSimulator, serve: Serve, make_model: MakeModel, waits: Waits
    ) -> None:
        model = make_model(serve(platform.app), timeout=10.0)
        platform.script.append(Reply(_ANSWER))
        pieces = model.astream(_ASKED)

        await anext(pieces)
        waits.time = 10.0

        with pytest.raises(ModelUnavailableError, match="no answer"):
            [piece async for piece in pieces]
