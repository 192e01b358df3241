"""Signed nonsense: MUST 12 of the conformance checklist, and the law that `receive` keeps."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import ChannelError, PayloadInvalidError
from tests.channels.douyin.shop import BRAND, CUSTOMER, WORDS, entered, event, front, request, said


def receive_bytes(body: bytes) -> tuple[Any, ...]:
    return front().receive(request(body))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no UTF-8"),
        pytest.param('{"event":"x"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="no event"),
        pytest.param(b'{"event":7}', id="a number for an event"),
        pytest.param(b'{"event":"a b"}', id="a blank in an event"),
        pytest.param(b'{"event":"x","n":NaN}', id="NaN"),
        pytest.param(b'{"event":"x","n":' + b"9" * 5000 + b"}", id="a number without end"),
        pytest.param(b'{"event":"x","n":' + b"[" * 100_000 + b"}", id="depth without end"),
        pytest.param(b'{"event":"im_receive_msg","content":"{"}', id="undecodable content"),
        pytest.param(b'{"event":"im_receive_msg","content":"7"}', id="content of a number"),
        pytest.param(b'{"event":"im_receive_msg","content":[1]}', id="content of a list"),
        pytest.param(b'{"event":"im_receive_msg"}', id="no content"),
        pytest.param(b'{"event":"im_receive_msg","content":""}', id="empty content"),
    ],
)
def test_must_12_signed_nonsense_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(PayloadInvalidError):
        receive_bytes(body)


def test_must_23_an_error_quotes_nothing_that_a_customer_said() -> None:
    body = event("im_receive_msg", said(text=["我的电话是13800138000"])).as_object

    with pytest.raises(PayloadInvalidError) as caught:
        receive_bytes(body)

    assert "13800138000" not in f"{caught.value!r} {caught.value.__cause__}"


@given(
    body=st.binary() | WORDS.map(lambda words: words.encode(errors="surrogatepass")),
    headers=st.dictionaries(st.sampled_from(["x-douyin-signature", "msg-id"]), WORDS),
)
def test_receiving_raises_nothing_but_channel_errors(body: bytes, headers: dict[str, str]) -> None:
    channel = front()
    for asked in (request(body, headers), request(body, {"msg-id": headers.get("msg-id", "")})):
        try:
            channel.receive(asked)
            channel.challenge(asked)
        except ChannelError:
            continue


@given(
    name=st.sampled_from(
        [
            "im_receive_msg",
            "im_enter_direct_msg",
            "im_send_msg",
            "im_recall_msg",
            "authorize",
            "im_authorize",
            "verify_webhook",
        ]
    ),
    people=st.tuples(st.sampled_from([BRAND, CUSTOMER, ""]), st.sampled_from([BRAND, CUSTOMER])),
    content=st.dictionaries(
        st.sampled_from(
            [*said(), "ad_info", "data-im-extra", "objectId", "resource_url", "challenge"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
            max_leaves=3,
        ),
    ),
    base=st.sampled_from([{}, said(), entered()]),
)
def test_events_with_anything_in_them_raise_nothing_but_channel_errors(
    name: str,
    people: tuple[str, str],
    content: dict[str, Any],
    base: dict[str, Any],
) -> None:
    envelope = {
        "event": name,
        "from_user_id": people[0],
        "to_user_id": people[1],
        "content": base | content,
    }
    asked, channel = request(json.dumps(envelope).encode()), front()

    for read in (channel.receive, channel.challenge):
        try:
            read(asked)
        except ChannelError:
            continue
