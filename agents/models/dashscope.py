"""The production model: DashScope's native text generation through its own SDK.

Key and address go with every call; the SDK's module globals are neither set nor read.
"""

import asyncio
import random
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, TypeVar, cast

import aiohttp
from dashscope import AioGeneration
from dashscope.api_entities.aio_session import close_shared_aio_session
from dashscope.api_entities.dashscope_response import GenerationResponse
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    convert_to_openai_messages,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, SecretStr
from typing_extensions import override

from agents.errors import ModelUnavailableError
from agents.models.dashscope_errors import error_of
from agents.models.retries import RetryBudget

ROUTE = "dashscope"
_UNFINISHED = "null"
"""How the platform spells that a piece is not the last."""
T = TypeVar("T")


class DashscopeChatModel(BaseChatModel):
    """Streams text and tool calls, with usage; asks again within a budget before the first piece.

    How many calls run at once is the caller's to limit.
    """

    model: str
    api_key: SecretStr
    base_address: str
    """Of the native interface, such as `https://dashscope.aliyuncs.com/api/v1`."""
    parameters: Mapping[str, Any] = Field(default_factory=dict)
    """Sent with every call: `temperature`, `max_tokens`, `enable_thinking` and the like."""
    budget: RetryBudget = RetryBudget()
    timeout: float = 60.0
    """Seconds one answer may take, its retries included."""
    idle_timeout: float = 20.0
    """Seconds one piece of it may take."""
    session: aiohttp.ClientSession | None = Field(default=None, exclude=True, repr=False)
    """Closed by its owner; without one the SDK keeps its own for every event loop."""
    sleep: Callable[[float], Awaitable[object]] = Field(
        default=asyncio.sleep, exclude=True, repr=False
    )
    random: Callable[[], float] = Field(default=random.random, exclude=True, repr=False)
    clock: Callable[[], float] = Field(default=time.monotonic, exclude=True, repr=False)

    @property
    @override
    def _llm_type(self) -> str:
        return ROUTE

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(ls_provider=ROUTE, ls_model_name=self.model, ls_model_type="chat")

    @override
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Offer tools; `tool_choice` is `auto`, `none`, or the name of the one to call."""
        offered = [convert_to_openai_tool(tool) for tool in tools]
        if tool_choice in {None, "auto", "none"}:
            choice: object = tool_choice
        else:
            choice = {"type": "function", "function": {"name": tool_choice}}
        return self.bind(tools=offered, **({"tool_choice": choice} if choice else {}), **kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        async def ask() -> ChatResult:
            try:
                return await self._agenerate(messages, stop, **kwargs)
            finally:
                # The SDK's session for this loop, which nobody can use any more.
                await close_shared_aio_session()

        return asyncio.run(ask())

    @override
    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, **kwargs))

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        began = self.clock()
        request = self._request(messages, {**kwargs, **({"stop": stop} if stop else {})})
        attempt, started = 1, False
        while True:
            try:
                async with aclosing(self._attempt(request, began + self.timeout)) as chunks:
                    async for chunk in chunks:
                        started = True
                        yield chunk
            except ModelUnavailableError as error:
                attempt += 1
                wait = self.budget.wait_before(attempt, self.random, error.retry_after)
                spent = self.clock() - began + wait
                if started or attempt > self.budget.attempts or spent > self.budget.seconds:
                    raise
            else:
                return
            await self.sleep(wait)

    def _request(
        self, messages: Sequence[BaseMessage], parameters: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            **self.parameters,
            **parameters,
            "model": self.model,
            "messages": convert_to_openai_messages(messages),
            "result_format": "message",
            "stream": True,
            "incremental_output": True,
        }

    async def _attempt(
        self, request: Mapping[str, Any], deadline: float
    ) -> AsyncGenerator[ChatGenerationChunk]:
        reader = _Reader(self.model)
        answer = await self._within(deadline, lambda: self._call(request))
        async with aclosing(answer) as responses:
            while response := await self._within(deadline, lambda: anext(responses, None)):
                yield reader.read(response)
        reader.check_finished()

    async def _call(self, request: Mapping[str, Any]) -> AsyncGenerator[GenerationResponse]:
        responses = await AioGeneration.call(
            **request,
            api_key=self.api_key.get_secret_value(),
            base_address=self.base_address,
            session=self.session,
        )
        # Asked to stream, it gives an async generator; the SDK's types leave that open.
        return cast("AsyncGenerator[GenerationResponse]", responses)

    async def _within(self, deadline: float, step: Callable[[], Awaitable[T]]) -> T:
        """Await one step of the SDK and translate what may go wrong in it."""
        patience = min(self.idle_timeout, deadline - self.clock())
        what = f"no answer in {self.timeout:g} s"
        try:
            if patience > 0:
                async with asyncio.timeout(patience):
                    return await step()
        except TimeoutError:
            what = f"no answer in {patience:g} s"
        except aiohttp.ClientError as error:
            what = f"a broken connection ({type(error).__name__})"
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # The SDK takes a body apart unchecked and trips over what a broken gateway sends.
            what = f"an answer that cannot be read ({type(error).__name__})"
        # Raised out here, without its cause: aiohttp's errors carry the request, and so the key.
        msg = f"dashscope gave model {self.model!r} {what}"
        raise ModelUnavailableError(msg)


class _Reader:
    """Reads one answer, piece by piece."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._counted = (0, 0)
        self._finish_reason = ""

    def read(self, response: GenerationResponse) -> ChatGenerationChunk:
        """Make a chunk of a response.

        Raises:
            ModelUnavailableError: It is an error that may pass.
            ModelRefusedError: It is one that will not.
        """
        if response.status_code != HTTPStatus.OK:
            raise self._error(response)
        choice: Mapping[str, Any] = next(iter(response.output.choices or ()), {})
        message = choice.get("message") or {}
        metadata = {}
        reason = choice.get("finish_reason")
        if reason and reason != _UNFINISHED:
            self._finish_reason = reason
            metadata = {"finish_reason": reason, "model_name": self._model}
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content=message.get("content") or "",
                tool_call_chunks=[_call(call) for call in message.get("tool_calls") or []],
                usage_metadata=self._usage(response.usage),
                response_metadata=metadata,
            )
        )

    def check_finished(self) -> None:
        """Tell a finished answer from one that broke off.

        Raises:
            ModelUnavailableError: The stream ended without a reason.
        """
        if not self._finish_reason:
            msg = f"dashscope broke off the answer of model {self._model!r}"
            raise ModelUnavailableError(msg)

    def _error(self, response: GenerationResponse) -> Exception:
        error = error_of(
            response.status_code, response.code or "", self._model, response.request_id
        )
        if isinstance(error, ModelUnavailableError):
            headers = {name.lower(): value for name, value in (response.headers or {}).items()}
            asked = str(headers.get("retry-after", ""))
            error.retry_after = float(asked) if asked.isdecimal() else 0.0
        return error

    def _usage(self, usage: Mapping[str, int]) -> UsageMetadata:
        """Give what is new: the platform counts all so far in every piece, LangChain adds up."""
        counted = (usage.get("input_tokens", 0), usage.get("output_tokens", 0))
        asked, answered = (
            max(0, now - before) for now, before in zip(counted, self._counted, strict=True)
        )
        self._counted = counted
        return UsageMetadata(
            input_tokens=asked, output_tokens=answered, total_tokens=asked + answered
        )


def _call(call: Mapping[str, Any]) -> Any:
    function = call.get("function") or {}
    return tool_call_chunk(
        name=function.get("name") or None,
        args=function.get("arguments") or "",
        id=call.get("id") or None,
        index=call.get("index", 0),
    )
