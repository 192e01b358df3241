"""A retriever that finds what it was handed."""

from collections.abc import Sequence

from typing_extensions import override

from knowledge.base import Passage, Retriever, Scope
from knowledge.lexical import LexicalEncoder


class FakeRetriever(Retriever):
    """Finds all its passages for any question that asks for something, best score first.

    `questions` keeps what it was asked, `scopes` with whose eyes.
    """

    def __init__(self, passages: Sequence[Passage] = ()) -> None:
        self._passages = sorted(passages, key=lambda passage: (-passage.score, passage.id))
        self._encoder = LexicalEncoder()
        self.questions: list[str] = []
        self.scopes: list[Scope] = []

    @override
    async def retrieve(self, question: str, scope: Scope, limit: int = 6) -> tuple[Passage, ...]:
        self.questions.append(question)
        self.scopes.append(scope)
        if not self._encoder.words(question):
            return ()
        seen = [one for one in self._passages if not scope.bases or one.base in scope.bases]
        return tuple(seen[: max(limit, 0)])
