"""The offline model: it quotes the best sentences of the best passage and says where they stand.

No network, no weights, the same words for the same prompt. It reads the sheet a remote model would
be shown, so what it is not shown it cannot say.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.base import LangSmithParams
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from typing_extensions import override

from agents.patterns import read_patterns
from agents.sheet import NOT_IN_PASSAGES, Quote, Sheet, read

_SENTENCE = re.compile(r"[^。！？；!?\n]+[。！？；!?]?")
_WORD = re.compile(r"[a-z0-9]+|[一-龥]+")
_TABLE_RULE = re.compile(r"[|\s:-]+")
_MAX_SENTENCES = 2
_MAX_CHARS = 160
_EARLIER_WEIGHT = 0.5
"""What the questions before count beside the one that is asked."""
_HEADING_WEIGHT = 0.5
"""What a section's name counts beside the words under it."""
_CUE_WEIGHT = 2.0
"""What an answer's form counts beside shared words: 几天 wants a number of days."""


class OfflineChatModel(BaseChatModel):
    """Answers by quoting; the embedded default."""

    model: str = "extractive-1"

    @property
    @override
    def _llm_type(self) -> str:
        return "offline"

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        return LangSmithParams(
            ls_provider="offline", ls_model_name=self.model, ls_model_type="chat"
        )

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._chunks(messages))

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages):
            yield chunk

    def _chunks(self, messages: Sequence[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        answer = quote_answer(read(messages[-1].text)) or NOT_IN_PASSAGES
        for piece in re.findall(r".{1,8}", answer, re.DOTALL):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        asked = sum(len(message.text) for message in messages)
        usage = UsageMetadata(
            input_tokens=asked, output_tokens=len(answer), total_tokens=asked + len(answer)
        )
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata=usage,
                response_metadata={"finish_reason": "stop", "model_name": self.model},
            )
        )


def quote_answer(sheet: Sheet) -> str:
    """Answer a sheet's question in the words of its best passage; empty where none speaks of it."""
    sentences = [*_sentences(sheet.quotes)]
    wanted = _Wanted.of(sheet, sentences)
    scored = [(wanted.score(sentence), sentence) for sentence in sentences]
    best_score, best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    if best is None or best_score <= 0:
        return ""
    beside = [
        sentence
        for score, sentence in sorted(scored, key=lambda pair: -pair[0])
        if sentence.number == best.number and score >= best_score / 2
    ]
    chosen = sorted(beside[:_MAX_SENTENCES], key=lambda sentence: sentence.place)
    return _quoted(chosen, sheet.quotes[best.number - 1].title)


@dataclass(frozen=True, slots=True)
class _Sentence:
    number: int
    place: int
    text: str
    terms: frozenset[str]
    around: frozenset[str]
    """Terms of the title and the heading it stands under."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    weights: Mapping[str, float]
    cues: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, sheet: Sheet, sentences: Sequence[_Sentence]) -> "_Wanted":
        seen = Counter(term for one in sentences for term in one.terms | one.around)
        asked, earlier = _terms(sheet.question), _terms(sheet.earlier)
        weights = {
            term: log(1 + len(sentences) / seen[term]) * (1 if term in asked else _EARLIER_WEIGHT)
            for term in asked | earlier
            if seen[term]
        }
        cues = tuple(answered for ask, answered in _cues() if ask.search(sheet.question))
        return cls(weights, cues)

    def score(self, sentence: _Sentence) -> float:
        shared = sum(self.weights.get(term, 0.0) for term in sentence.terms)
        around = sum(self.weights.get(term, 0.0) for term in sentence.around - sentence.terms)
        about = shared + _HEADING_WEIGHT * around
        # A form alone says nothing: 288 元 of which cream?
        formed = any(cue.search(sentence.text) for cue in self.cues)
        return about + _CUE_WEIGHT if about and formed else about


def _sentences(quotes: Sequence[Quote]) -> Iterator[_Sentence]:
    for number, quote in enumerate(quotes, start=1):
        around = _terms(f"{quote.title} {quote.heading}")
        for place, text in enumerate(_split(quote.text)):
            yield _Sentence(number, place, text, _terms(text), around)


def _split(text: str) -> Iterator[str]:
    for match in _SENTENCE.finditer(text):
        line = match[0].strip().lstrip("#-*•· ")
        if line.startswith("|"):
            line = "，".join(cell.strip() for cell in line.strip("| ").split("|"))
        if line and not _TABLE_RULE.fullmatch(line):
            yield line


def _quoted(sentences: Sequence[_Sentence], title: str) -> str:
    *first, last = [sentence.text.rstrip("。！？；!?") for sentence in sentences]
    room = _MAX_CHARS - len(last)
    mark = f"[{sentences[0].number}]"
    quoted = "".join(f"{text}{mark}。" for text in first if len(text) <= room)
    # rule-skip: user-text: what this model answers, generated and labelled as such
    return f"{quoted}{last}〔据《{title}》〕{mark}。"


def _terms(text: str) -> frozenset[str]:
    """Give what texts are compared by: Latin words whole, Chinese in pairs of characters."""
    words = _WORD.findall(_stop().sub(" ", text.lower()))
    latin = {word for word in words if word.isascii()}
    chinese = {"".join(pair) for word in words if word not in latin for pair in pairwise(word)}
    return frozenset(latin | chinese)


@cache
def _stop() -> re.Pattern[str]:
    return re.compile(read_patterns("agents.models", "offline.toml")["words"]["stop"])


@cache
def _cues() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    rows = read_patterns("agents.models", "offline.toml")["cue"]
    return tuple((re.compile(row["asked"]), re.compile(row["answered"])) for row in rows)
