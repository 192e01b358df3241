"""An answer while it is written: every sentence is guarded and grounded before it is told."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from decimal import Decimal

from langchain_core.messages import AIMessageChunk, BaseMessage

from agents.citations import Citations
from agents.claims import Grounding
from agents.errors import AgentError
from agents.guards import Guard, Verdict
from agents.masking import unmask
from agents.sentences import SentenceSplitter
from agents.service.guarding import look
from agents.service.prompts import PROMPT_VERSION
from agents.service.state import Written
from agents.sheet import NOT_IN_PASSAGES
from agents.turn import AgentContext, HandOffReason, ModelUse, Price, Sentence
from knowledge.base import Passage

_MAX_HELD = 240
"""Characters that are held back at most while a sentence does not end."""
_MARKDOWN = re.compile(r"\*\*|`+|^\s*#+\s+|^\s*>\s+", re.MULTILINE)
_FREE = Price(Decimal(0), Decimal(0))
_WORD = re.compile(r"\w")
_ENDED = re.compile(r"[。！？；…!?.][”’』」》）)\]\d\[\s]*$")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What an answer stands on."""

    evidence: tuple[Passage, ...]
    question: str
    """The customer's words, masked."""
    masked: Mapping[str, str]


async def write_answer(
    messages: Sequence[BaseMessage],
    grounds: Grounds,
    context: AgentContext,
    tell: Callable[[Sentence], None],
) -> Written:
    """Ask the model and tell each sentence that passes as soon as it is finished.

    Raises:
        ModelUnavailableError: No answer, or it broke off; what was told stays told.
        ModelRefusedError: The model will not take the request.
    """
    draft = _Draft(grounds, context)
    splitter = SentenceSplitter(min(_MAX_HELD, context.max_answer_chars))
    finish = ""
    async with aclosing(_ask(messages, context)) as chunks:
        async for chunk in chunks:
            finish = chunk.response_metadata.get("finish_reason") or finish
            for piece in splitter.feed(chunk.text):
                await _pass_on(piece, draft, tell)
            if draft.closed:
                return draft.written()
    for piece in splitter.flush():
        if finish != "length" or _ENDED.search(piece):
            await _pass_on(piece, draft, tell)
    return draft.written()


async def _ask(
    messages: Sequence[BaseMessage], context: AgentContext
) -> AsyncGenerator[AIMessageChunk]:
    """Stream the model's answer and enter the call in the books, however it ends."""
    async with context.slot():
        began = context.clock()
        tokens = [0, 0]
        error = ""
        try:
            async for chunk in context.model.astream([*messages]):
                if usage := chunk.usage_metadata:
                    tokens = [tokens[0] + usage["input_tokens"], tokens[1] + usage["output_tokens"]]
                yield chunk
        except (AgentError, asyncio.CancelledError) as failure:
            error = type(failure).__name__
            raise
        finally:
            context.ledger.append(_use(context, tokens, context.clock() - began, error))


def _use(context: AgentContext, tokens: Sequence[int], latency: float, error: str) -> ModelUse:
    # LangChain's own answer to who serves a model and under what name: every chat model gives it.
    identity = context.model._get_ls_params()  # noqa: SLF001
    model, route = identity.get("ls_model_name", ""), identity.get("ls_provider", "")
    price = context.prices.get(model, _FREE)
    return ModelUse(
        model=model,
        route=route,
        prompt_version=PROMPT_VERSION,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        latency=latency,
        cost=price.of(tokens[0], tokens[1]),
        currency=price.currency,
        error=error,
    )


async def _pass_on(piece: str, draft: "_Draft", tell: Callable[[Sentence], None]) -> None:
    if not draft.closed and (sentence := await draft.add(piece)):
        tell(Sentence(sentence))


class _Draft:
    def __init__(self, grounds: Grounds, context: AgentContext) -> None:
        passages = grounds.evidence
        shown = (f"{passage.title}\n{passage.heading}\n{passage.text}" for passage in passages)
        self._guards: Sequence[Guard] = context.guards.output
        self._grounding = Grounding([grounds.question, *shown])
        self._citations = Citations(passages)
        self._masked = grounds.masked
        self._room = context.max_answer_chars
        self._sentences: list[str] = []
        self._between = ""
        self._refused = False
        self._gap: HandOffReason | None = None
        self.closed = False

    async def add(self, piece: str) -> str:
        """Take a sentence; give it back as the customer may read it, or nothing."""
        body = piece.strip()
        self._between += piece[: piece.index(body)]
        sentence = await self._check(body)
        self._between += piece[len(piece.rstrip()) :] if body else ""
        return sentence

    def written(self) -> Written:
        """Put the sentences together."""
        text = "".join(self._sentences)
        gap = self._gap
        if not text and gap is None:
            gap = HandOffReason.POLICY if self._refused else HandOffReason.NO_EVIDENCE
        return Written(text, self._citations.cited if text else (), gap)

    async def _check(self, body: str) -> str:
        if NOT_IN_PASSAGES in body:
            return self._close(HandOffReason.NO_EVIDENCE)
        text = await self._guard(_MARKDOWN.sub("", body))
        if not _WORD.search(text) or not self._grounding.holds(text):
            return ""
        return self._keep(text)

    async def _guard(self, text: str) -> str:
        try:
            finding = await look(self._guards, text)
        except AgentError:
            return self._close(HandOffReason.FAILURE)
        if finding.verdict is Verdict.HAND_OFF:
            return self._close(HandOffReason.POLICY)
        self._refused |= finding.verdict is Verdict.REFUSE
        return "" if finding.verdict is Verdict.REFUSE else finding.text

    def _keep(self, text: str) -> str:
        sentence = self._joint() + unmask(text, self._masked)
        if len(sentence) > self._room:
            return self._close(self._gap)
        sentence = self._citations.renumber(sentence)
        self._room -= len(sentence)
        self._between = ""
        self._sentences.append(sentence)
        return sentence

    def _joint(self) -> str:
        """Keep line breaks between sentences, and blanks where the script needs them."""
        if not self._sentences:
            return ""
        if "\n" in self._between:
            return "\n"
        return " " if self._between and self._sentences[-1][-1].isascii() else ""

    def _close(self, gap: HandOffReason | None) -> str:
        self.closed = True
        self._gap = gap
        return ""
