"""The handshake: MUST 1 of the conformance checklist."""

import json

import pytest

from channels.errors import PayloadInvalidError, SignatureInvalidError
from tests.channels.douyin.shop import event, front, request, said, signature


@pytest.mark.parametrize(
    ("content", "challenge"),
    [
        pytest.param('{"challenge":12345}', 12345, id="a number in an object"),
        pytest.param('{"challenge":"12345"}', "12345", id="a string in an object"),
        pytest.param(r'"{ \"challenge\": 12345 }"', 12345, id="a number in a string"),
        pytest.param(r'"{\"challenge\":\"abc-1\"}"', "abc-1", id="a string in a string"),
        pytest.param('{"challenge":7494205308479291111}', 7494205308479291111, id="64 bits"),
        pytest.param('{"challenge":"校验"}', "校验", id="not ASCII"),
    ],
)
@pytest.mark.parametrize("client_key", ["", "awsampleclientkey"])
def test_must_01_the_challenge_comes_back_with_its_type(
    content: str, challenge: object, client_key: str
) -> None:
    body = f'{{"event":"verify_webhook","client_key":"{client_key}","content":{content}}}'

    reply = front().challenge(request(body.encode()))

    assert reply is not None
    assert (reply.status, reply.media_type) == (200, "application/json")
    assert json.loads(reply.body) == {"challenge": challenge}
    assert type(json.loads(reply.body)["challenge"]) is type(challenge)


def test_must_03_a_handshake_that_is_not_signed_is_refused() -> None:
    body = b'{"event":"verify_webhook","client_key":"","content":{"challenge":12345}}'

    with pytest.raises(SignatureInvalidError):
        front().challenge(request(body, {"x-douyin-signature": signature(body, "another")}))


@pytest.mark.parametrize("content", ["{}", '{"challenge":true}', '{"challenge":1.5}', '"{"', "[]"])
def test_must_12_a_handshake_without_a_challenge_is_refused(content: str) -> None:
    body = f'{{"event":"verify_webhook","content":{content}}}'.encode()

    with pytest.raises(PayloadInvalidError):
        front().challenge(request(body))


def test_a_message_is_no_handshake_even_if_it_speaks_of_one() -> None:
    ordinary = event("im_receive_msg", said()).as_object
    speaking_of_one = event("im_receive_msg", said(text="verify_webhook")).as_object

    assert front().challenge(request(ordinary)) is None
    assert front().challenge(request(speaking_of_one)) is None


def test_an_unsigned_message_is_no_handshake_either() -> None:
    body = event("im_receive_msg", said()).as_object

    assert front().challenge(request(body, {"x-douyin-signature": ""})) is None
