import math
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.dashscope.embedding import dense, embed, sparse
from simulators.dashscope.errors import DashscopeError
from tests.simulators.dashscope.setting import EMBEDDING


def cosine(first: str, second: str) -> float:
    pairs = zip(dense(first, 1024), dense(second, 1024), strict=True)
    return sum(one * other for one, other in pairs)


def body(**parameters: Any) -> dict[str, Any]:
    return {
        "model": "text-embedding-v4",
        "input": {"texts": ["真丝连衣裙"]},
        "parameters": parameters,
    }


@settings(max_examples=40)
@given(st.text(), st.sampled_from([64, 256]))
def test_vector_has_its_dimension_and_length_one(text: str, dimension: int) -> None:
    vector = dense(text, dimension)

    assert len(vector) == dimension
    assert math.isclose(sum(value * value for value in vector), 1)
    assert dense(text, dimension) == vector


def test_largest_vector_is_of_length_one_too() -> None:
    assert math.isclose(sum(value * value for value in dense("真丝连衣裙", 2048)), 1)


def test_texts_about_the_same_lie_closer() -> None:
    near = cosine("七天内可以退货吗", "签收后七天内可以无理由退货")
    far = cosine("七天内可以退货吗", "门店营业时间是早上十点")

    assert near > 0.3 > far


def test_sparse_terms_carry_their_weights() -> None:
    terms = sparse("退货 退 M")

    assert [term["token"] for term in terms] == ["退", "货", "m"]
    assert terms[0]["value"] > terms[1]["value"] > 0


@pytest.mark.parametrize(
    ("output_type", "keys"),
    [
        ("dense", {"text_index", "embedding"}),
        ("sparse", {"text_index", "sparse_embedding"}),
        ("dense&sparse", {"text_index", "embedding", "sparse_embedding"}),
    ],
)
def test_output_type_chooses_the_vectors(output_type: str, keys: set[str]) -> None:
    (found,) = embed(body(output_type=output_type))["output"]["embeddings"]

    assert set(found) == keys


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"parameters": {"dimension": 7}}, "dimension is invalid"),
        ({"parameters": {"text_type": "poem"}}, "text_type is invalid"),
        ({"parameters": {"output_type": "x"}}, "output_type is invalid"),
        ({"input": {}}, "neither str nor list"),
        ({"input": "x"}, "neither str nor list"),
        ({"input": {"texts": ["x"] * 11}}, "not be larger than 10"),
        ({"input": {"texts": [""]}}, "Range of input length"),
        ({"input": {"texts": ["好" * 8193]}}, "Range of input length"),
        ({"model": "text-embedding-v3", "parameters": {"dimension": 2048}}, "dimension"),
    ],
)
def test_wrong_request_is_named(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DashscopeError, match=complaint) as caught:
        embed({**body(), **change})

    assert caught.value.refusal.code == "InvalidParameter"


async def test_default_is_v4s_1024_over_http(api: httpx.AsyncClient) -> None:
    answer = (await api.post(EMBEDDING, json=body())).json()

    (found,) = answer["output"]["embeddings"]
    assert len(found["embedding"]) == 1024
    assert answer["usage"] == {"total_tokens": 5}
    assert answer["request_id"]


async def test_unknown_model_is_not_found(api: httpx.AsyncClient) -> None:
    answer = await api.post(EMBEDDING, json={**body(), "model": "qwen-plus"})

    assert (answer.status_code, answer.json()["code"]) == (404, "ModelNotFound")
