import base64
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.wechat.cipher import CiphertextInvalidError, decrypt, encrypt, signature

PLATFORM_KEY = "A" * 43
LETTERS_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@dataclass(frozen=True)
class Vector:
    key: str
    receive_id: str
    random16: str
    plaintext: str
    encrypted: str


# developers.weixin.qq.com, mini-program message push page (JSON reply sample).
OFFICIAL_JSON = Vector(
    PLATFORM_KEY,
    "wxba5fad812f8e6fb9",
    "707722b803182950",
    '{"demo_resp":"good luck"}',
    "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==",
)
# developers.weixin.qq.com, third-party platform message push page (XML reply sample).
OFFICIAL_XML = Vector(
    PLATFORM_KEY,
    "wx134c8103faa5a59e",
    "999951349e8ee746",
    "<xml><demo_resp>[CDATA[good luck]]</demo_resp></xml>",
    "hE8R6mGXHkJJjU72KxzKUd1GEkKJaEZq7vRL8XgK3o+00k8JGq6+pZJUIlTSyhsX+bxIBQ72g3GyvDdIZcr6+3HAZ"
    "bSvPT9t/o11MI7d6WELwqrGd7jMnV0zv3Zc9Nq7",
)
# binarywang/WxJava@3e48dc7f8378, WxCryptUtilTest: the length counts UTF-8 bytes.
WXJAVA = Vector(
    LETTERS_KEY,
    "wxb11529c136998cb6",
    "aaaabbbbccccdddd",
    "我是中文abcd123",
    "jn1L23DB+6ELqJ+6bruv21Y6MD7KeIfP82D6gU39rmkgczbWwt5+3bnyg5K55bgVtVzd832WzZGMhkP72vVOfg==",
)
VECTORS = (OFFICIAL_JSON, OFFICIAL_XML, WXJAVA)


class TestKnownAnswers:
    @pytest.mark.parametrize("vector", VECTORS)
    def test_encryption_gives_the_published_cipher_text(self, vector: Vector) -> None:
        actual = encrypt(vector.key, vector.receive_id, vector.plaintext, vector.random16.encode())

        assert actual == vector.encrypted

    @pytest.mark.parametrize("vector", VECTORS)
    def test_decryption_gives_the_published_message(self, vector: Vector) -> None:
        assert decrypt(vector.key, vector.receive_id, vector.encrypted) == vector.plaintext

    def test_wecom_sample_opens(self) -> None:
        # developer.work.weixin.qq.com/document/path/90968
        encrypted = (
            "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3Qc"
            "zcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs"
            "8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4z"
            "G4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS"
            "0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAV"
            "e0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q=="
        )
        key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"

        message = decrypt(key, "wx5823bf96d3bd56c7", encrypted)

        assert "<Content><![CDATA[hello]]></Content>" in message
        assert signature("QDG6eK", "1409659813", "1372623149", encrypted) == (
            "477715d11cdb4164915debcba66cb864d751f3e6"
        )

    def test_plain_signatures_are_the_published_ones(self) -> None:
        # The mini-program message push page: the GET check, and a plain POST.
        handshake = signature("AAAAA", "1714036504", "1514711492")
        push = signature("AAAAA", "1714037059", "486452656")

        assert handshake == "f464b24fc39322e44b38aa78f5edd27bd1441696"
        assert push == "899cf89e464efb63f54ddac96b0a0a235f53aa78"

    def test_reply_signature_is_the_published_one(self) -> None:
        actual = signature("AAAAA", "1713424427", "415670741", OFFICIAL_JSON.encrypted)

        assert actual == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


class TestRefusal:
    def test_message_for_somebody_else_is_refused(self) -> None:
        with pytest.raises(CiphertextInvalidError, match="'wxba5fad812f8e6fb9'"):
            decrypt(PLATFORM_KEY, "wx0000000000000000", OFFICIAL_JSON.encrypted)

    @pytest.mark.parametrize(
        "encrypted", ["", "AAAA", "no base64!", base64.b64encode(bytes(32)).decode()]
    )
    def test_what_is_no_cipher_text_is_refused(self, encrypted: str) -> None:
        with pytest.raises(CiphertextInvalidError, match="does not open"):
            decrypt(PLATFORM_KEY, "wx", encrypted)


@given(st.text(), st.text(alphabet="abcdefwx0123456789"), st.binary(min_size=16, max_size=16))
def test_what_was_encrypted_opens_and_is_padded_to_32(
    message: str, receive_id: str, random16: bytes
) -> None:
    encrypted = encrypt(LETTERS_KEY, receive_id, message, random16)

    assert decrypt(LETTERS_KEY, receive_id, encrypted) == message
    assert len(base64.b64decode(encrypted)) % 32 == 0
