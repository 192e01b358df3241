"""Webhook signatures: MUST 2 to 4 of the conformance checklist, with the derived vectors."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.douyin.signature import check, sign
from channels.errors import SignatureInvalidError

# The project's known-answer vectors of these ids. The inputs are the official sample's, a public
# SDK's unit test's, or made up; no page prints a digest, so the page's rule computed them:
# https://developer.open-douyin.com/docs/resource/zh-CN/dop/develop/webhooks/summarize
VECTORS = [
    pytest.param(
        "s3cr3t",
        '{"event":"im_receive_msg","client_key":"ck","from_user_id":"u1","to_user_id":"b1",'
        '"content":{"message_type":"text","text":"你好 😀"}}',
        "f19c9ff67afaf9ea706a3efa3ab78cde9ef04720",
        id="webhook-sha1-utf8",
    ),
    pytest.param(
        "***",
        '{"event":"verify_webhook","client_key":"abc","content":{"challenge":12345}}',
        "f76a589bf14313f3a63d2a5e1904d5033c35db77",
        id="webhook-sha1-official-sample",
    ),
    pytest.param(
        "secret",
        '{"event":"create_video"}',
        "fe79b619bef33b0a7e6c28f4ac1dd508542afc12",
        id="webhook-sha1-create-video",
    ),
]
REFUSED_VECTORS = [
    pytest.param(
        "",
        '{"event":"verify_webhook","client_key":"abc","content":{"challenge":12345}}',
        "f8009fa97b234599001be0a6357ce8f443555c74",
        id="webhook-neg-empty-secret",
    ),
    pytest.param(
        "s3cr3t",
        '{ "event" : "im_receive_msg",\n "content":"{\\"text\\":\\"a\\"}" }\n',
        "2f7963da39433b4bf191ba81656f82f7da5225e8",
        id="webhook-neg-reserialised",
    ),
]
BODY = '{"event":"im_receive_msg","content":{"text":"在吗 😀"}}'.encode()
SECRET = "conformance-client-secret"


@pytest.mark.parametrize(("secret", "body", "expected"), VECTORS)
def test_must_02_the_signature_is_that_of_the_vectors(
    secret: str, body: str, expected: str
) -> None:
    assert sign(body.encode(), secret) == expected

    check(expected, body.encode(), [secret])
    check(expected.upper(), body.encode(), [secret])


@pytest.mark.parametrize(("secret", "body", "header"), REFUSED_VECTORS)
def test_must_03_the_negative_vectors_are_refused(secret: str, body: str, header: str) -> None:
    with pytest.raises(SignatureInvalidError):
        check(header, body.encode(), [secret])


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="no header"),
        pytest.param(hmac.new(SECRET.encode(), BODY, "sha256").hexdigest(), id="HMAC-SHA256"),
        pytest.param(hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(), id="HMAC-SHA1"),
        pytest.param(sign(SECRET.encode(), BODY.decode()), id="body before secret"),
        pytest.param(sign(BODY, ""), id="no secret"),
        pytest.param(sign(BODY, "another"), id="another secret"),
        pytest.param(f" {sign(BODY, SECRET)}", id="a blank before it"),
        pytest.param("签名\ud800", id="not even ASCII"),
    ],
)
def test_must_03_any_other_way_to_sign_is_refused(header: str) -> None:
    with pytest.raises(SignatureInvalidError):
        check(header, BODY, [SECRET])


@pytest.mark.parametrize("body", [BODY + b" ", BODY + b"\n", b" " + BODY, BODY[:-1]])
def test_must_04_an_added_or_missing_byte_is_refused(body: bytes) -> None:
    with pytest.raises(SignatureInvalidError):
        check(sign(BODY, SECRET), body, [SECRET])


@given(body=st.binary(min_size=1), secret=st.sampled_from([SECRET, "***", "密钥"]), data=st.data())
def test_must_04_signing_and_checking_agree_and_any_flipped_bit_is_refused(
    body: bytes, secret: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    flipped = bytearray(body)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    header = sign(body, secret)

    check(header, body, [secret])
    with pytest.raises(SignatureInvalidError):
        check(header, bytes(flipped), [secret])


def test_either_secret_counts_while_one_replaces_the_other() -> None:
    check(sign(BODY, "former"), BODY, ["present", "former"])
    check(sign(BODY, "present"), BODY, ["present", "former"])


def test_no_secret_at_all_proves_nothing() -> None:
    with pytest.raises(SignatureInvalidError):
        check(sign(BODY, ""), BODY, [])
