"""Text embedding: deterministic vectors of hashed letter pairs, in the platform's form."""

import hashlib
import math
import re
from collections import Counter
from itertools import pairwise
from typing import Any

from simulators.dashscope.errors import Code, DashscopeError, invalid
from simulators.dashscope.requests import count_tokens, parameters_of
from simulators.wire import JsonObject

DEFAULT_DIMENSION = 1024
DIMENSIONS = {
    "text-embedding-v3": (64, 128, 256, 512, 768, 1024),
    "text-embedding-v4": (64, 128, 256, 512, 768, 1024, 1536, 2048),
}
MAX_TEXTS = 10
MAX_TOKENS = 8192
OUTPUT_TYPES = {"dense": ("dense",), "sparse": ("sparse",), "dense&sparse": ("dense", "sparse")}
SPARSE_SIZE = 250_000
TERM = re.compile(r"[a-z0-9]+|[^\sa-z0-9]")


def embed(body: JsonObject) -> JsonObject:
    """Give `output` and `usage` for an embedding request.

    Raises:
        DashscopeError: The model is unknown, or a text or parameter is not what it takes.
    """
    model = str(body.get("model", ""))
    if model not in DIMENSIONS:
        raise DashscopeError(Code.MODEL_NOT_FOUND)
    texts = _texts(body.get("input"))
    parameters = parameters_of(body)
    dimension = parameters.get("dimension", DEFAULT_DIMENSION)
    if dimension not in DIMENSIONS[model]:
        msg = f"Value error, dimension is invalid, it should be in {list(DIMENSIONS[model])}"
        raise invalid(msg)
    if parameters.get("text_type", "document") not in ("query", "document"):
        msg = "Value error, text_type is invalid, it should be query or document"
        raise invalid(msg)
    kinds = OUTPUT_TYPES.get(str(parameters.get("output_type", "dense")))
    if kinds is None:
        msg = f"Value error, output_type is invalid, it should be in {list(OUTPUT_TYPES)}"
        raise invalid(msg)
    found = [_embedding(place, text, dimension, kinds) for place, text in enumerate(texts)]
    total = sum(count_tokens(text) for text in texts)
    return {"output": {"embeddings": found}, "usage": {"total_tokens": total}}


def dense(text: str, dimension: int) -> list[float]:
    """Give a vector of length one; texts that share words and letter pairs lie close together."""
    vector = [0.0] * dimension
    for term, count in _features(text).items():
        digest = hashlib.blake2b(term.encode(), digest_size=8).digest()
        place = int.from_bytes(digest[:7]) % dimension
        vector[place] += (1 + math.log(count)) * (1 if digest[7] & 1 else -1)
    length = math.sqrt(sum(value * value for value in vector))
    if length == 0:
        # All features cancelled out; any direction will do, as long as it is always the same.
        return [1.0, *([0.0] * (dimension - 1))]
    return [value / length for value in vector]


def sparse(text: str) -> list[JsonObject]:
    """Give the terms of a text with their weights."""
    counts = Counter(TERM.findall(text.lower()))
    return [
        {
            "index": int.from_bytes(hashlib.blake2b(term.encode(), digest_size=7).digest())
            % SPARSE_SIZE,
            "value": round((1 + math.log(count)) / math.sqrt(len(counts)), 6),
            "token": term,
        }
        for term, count in counts.items()
    ]


def _texts(given: Any) -> list[str]:
    texts = given.get("texts") if isinstance(given, dict) else None
    if not isinstance(texts, list) or not texts:
        msg = "Value error, contents is neither str nor list of str.: input.contents"
        raise invalid(msg)
    if len(texts) > MAX_TEXTS:
        msg = (
            f"Value error, batch size is invalid, it should not be larger than {MAX_TEXTS}.: "
            "input.contents"
        )
        raise invalid(msg)
    if not all(isinstance(text, str) and 0 < count_tokens(text) <= MAX_TOKENS for text in texts):
        msg = f"Range of input length should be [1, {MAX_TOKENS}]"
        raise invalid(msg)
    return texts


def _embedding(place: int, text: str, dimension: int, kinds: tuple[str, ...]) -> JsonObject:
    found: JsonObject = {"text_index": place}
    if "dense" in kinds:
        found["embedding"] = dense(text, dimension)
    if "sparse" in kinds:
        found["sparse_embedding"] = sparse(text)
    return found


def _features(text: str) -> Counter[str]:
    terms = TERM.findall(text.lower())
    pairs = [first + second for first, second in pairwise(terms)]
    return Counter(terms + pairs)
