import pytest

from simulators.douyin.signature import sign

OFFICIAL_BODY = '{"event":"verify_webhook","client_key":"abc","content":{"challenge":12345}}'
UTF8_BODY = (
    '{"event":"im_receive_msg","client_key":"ck","from_user_id":"u1","to_user_id":"b1",'
    '"content":{"message_type":"text","text":"你好 😀"}}'
)


# Inputs: the official Go sample and a public SDK's test; digests by the documented algorithm.
@pytest.mark.parametrize(
    ("secret", "body", "digest"),
    [
        ("***", OFFICIAL_BODY, "f76a589bf14313f3a63d2a5e1904d5033c35db77"),
        ("secret", '{"event":"create_video"}', "fe79b619bef33b0a7e6c28f4ac1dd508542afc12"),
        ("s3cr3t", UTF8_BODY, "f19c9ff67afaf9ea706a3efa3ab78cde9ef04720"),
    ],
)
def test_signature_is_the_known_one(secret: str, body: str, digest: str) -> None:
    assert sign(secret, body.encode()) == digest


def test_reserialised_body_has_another_signature() -> None:
    body = b'{ "event" : "im_receive_msg",\n "content":"{\\"text\\":\\"a\\"}" }\n'

    assert sign("s3cr3t", body) != "2f7963da39433b4bf191ba81656f82f7da5225e8"
