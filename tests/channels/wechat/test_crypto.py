"""Signature and cipher against published vectors, and against everything malformed."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import SignatureInvalidError
from channels.wechat.crypto import MessageCipher, check, refused, sign
from simulators.wechat import cipher as theirs
from tests.channels.wechat.kit import AES_KEY, APPID, VECTORS

DECRYPTABLE = [
    "mp-padding-full-block",
    "oa-compat-mode-xml",
    "oa-easywechat-xml-decrypt",
    "wecom-aibot-json-empty-receive-id",
    "wecom-official-sample-xml-decrypt",
]
ENCRYPTED = [
    "mp-official-reply-encrypt-json",
    "oa-wxjava-aes-encrypt-utf8-1",
    "oplatform-official-reply-encrypt-xml",
]


def encrypted_raw(padded: bytes) -> str:
    """Encrypt bytes as they are, so that what is under the cipher may be wrong."""
    key = base64.b64decode(AES_KEY + "=")
    encryptor = Cipher(AES256(key), CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def framed(message: bytes, *, size: int | None = None, receive_id: bytes = APPID.encode()) -> bytes:
    length = len(message) if size is None else size
    return b"0123456789abcdef" + struct.pack(">I", length) + message + receive_id


def padded(plain: bytes) -> bytes:
    pad = 32 - len(plain) % 32
    return plain + bytes([pad]) * pad


def message_padded_by(pad: int) -> bytes:
    return b"x" * ((32 - pad - 20 - len(APPID)) % 32)


class TestSignature:
    @pytest.mark.parametrize("name", ["mp-official-get-verify", "oa-wechatpy-signature"])
    def test_m4_published_signatures_hold(self, name: str) -> None:
        vector = VECTORS[name]
        query = vector["query"]

        check(query["signature"], vector["token"], query["timestamp"], query["nonce"])

    @pytest.mark.parametrize("name", DECRYPTABLE)
    def test_m5_published_message_signatures_hold(self, name: str) -> None:
        vector = VECTORS[name]
        query = vector["query"]
        parts = query["timestamp"], query["nonce"], vector["encrypt"]

        check(query["msg_signature"], vector["token"], *parts)

    def test_m8_wecom_handshake_of_a_wrong_nonce_is_refused(self) -> None:
        vector = VECTORS["wecom-wechatpy-verify-url-bad-nonce"]
        query = vector["query"]
        parts = query["timestamp"], query["nonce"], query["echostr"]

        with pytest.raises(SignatureInvalidError):
            check(query["msg_signature"], vector["token"], *parts)

    def test_m8_wecom_handshake_gives_its_echo(self) -> None:
        vector = VECTORS["wecom-wechatpy-verify-url"]
        query = vector["query"]

        parts = query["timestamp"], query["nonce"], query["echostr"]
        check(query["msg_signature"], vector["token"], *parts)
        cipher = MessageCipher(vector["encoding_aes_key"], vector["receive_id"])
        echo = cipher.decrypt(query["echostr"])

        assert echo.decode() == vector["expect"]["response_body"]

    @pytest.mark.parametrize("parts", [("", "1"), ("1", ""), ("1", "2", "")])
    def test_an_empty_part_never_holds(self, parts: tuple[str, ...]) -> None:
        with pytest.raises(SignatureInvalidError):
            check(sign("token", *parts), "token", *parts)

    @given(st.text(), st.text(st.characters(), min_size=1))
    def test_any_text_is_refused_or_holds(self, signature: str, part: str) -> None:
        with pytest.raises(SignatureInvalidError):
            check(signature, "token", part)

    @given(st.text(st.characters(), min_size=1), st.text(st.characters(), min_size=1))
    def test_what_was_signed_holds(self, token: str, part: str) -> None:
        check(sign(token, part), token, part)

    def test_lone_surrogates_are_refused_not_a_fault(self) -> None:
        with pytest.raises(SignatureInvalidError):
            check("\ud800", "token", "\udfff")


class TestDecrypt:
    @pytest.mark.parametrize("name", DECRYPTABLE)
    def test_m5_m6_published_cipher_texts_open(self, name: str) -> None:
        vector = VECTORS[name]
        cipher = MessageCipher(vector["encoding_aes_key"], vector["receive_id"])

        message = cipher.decrypt(vector["encrypt"])

        assert message.decode() == vector["expect"]["plaintext"]

    @pytest.mark.parametrize("name", DECRYPTABLE)
    def test_m9_another_receive_id_is_refused(self, name: str) -> None:
        vector = VECTORS[name]
        cipher = MessageCipher(vector["encoding_aes_key"], "wx0000000000000000")

        with pytest.raises(SignatureInvalidError):
            cipher.decrypt(vector["encrypt"])

    @pytest.mark.parametrize("pad", range(1, 33))
    def test_m10_each_pad_of_the_block_of_32_opens(self, pad: int) -> None:
        message = message_padded_by(pad)
        plain = padded(framed(message))

        opened = MessageCipher(AES_KEY, APPID).decrypt(encrypted_raw(plain))

        assert plain[-1] == pad
        assert opened == message

    @pytest.mark.parametrize(
        "plain",
        [
            pytest.param(padded(framed(b""))[:-1] + b"\x00", id="pad-0"),
            pytest.param(framed(b"x" * 10) + b"\x21" * 48, id="pad-33"),
            pytest.param(padded(framed(b""))[:-2] + b"\x01\x1a", id="unequal"),
            pytest.param(b"\x10" * 16, id="nothing-left"),
            pytest.param(padded(b"0123456789abcdef" + b"\x00"), id="no-length"),
            pytest.param(padded(framed(b"hi", size=3)), id="length-into-the-id"),
            pytest.param(padded(framed(b"hi", size=2**32 - 1)), id="length-beyond-the-end"),
            pytest.param(padded(framed(b"hi", receive_id=b"")), id="no-receive-id"),
            pytest.param(padded(framed(b"\xff\xfe")), id="not-utf-8"),
        ],
    )
    def test_m11_what_is_wrong_under_the_cipher_is_refused(self, plain: bytes) -> None:
        encrypted = encrypted_raw(plain)

        with pytest.raises(SignatureInvalidError) as caught:
            MessageCipher(AES_KEY, APPID).decrypt(encrypted)

        assert str(caught.value) == str(refused())

    @pytest.mark.parametrize(
        "encrypted",
        [
            pytest.param("", id="empty"),
            pytest.param("AAA", id="truncated"),
            pytest.param("####", id="no-base64"),
            pytest.param("Q0Q=\n", id="line-feed"),
            pytest.param("加密", id="not-ascii"),
            pytest.param("AAAA", id="no-multiple-of-16"),
            pytest.param("A" * 64 + "==AA", id="data-after-the-end"),
        ],
    )
    def test_m11_what_is_no_cipher_text_is_refused(self, encrypted: str) -> None:
        with pytest.raises(SignatureInvalidError) as caught:
            MessageCipher(AES_KEY, APPID).decrypt(encrypted)

        assert str(caught.value) == str(refused())

    def test_a_length_beyond_the_end_is_refused_where_the_receive_id_is_empty(self) -> None:
        encrypted = encrypted_raw(padded(framed(b"hi", size=4, receive_id=b"")))

        with pytest.raises(SignatureInvalidError):
            MessageCipher(AES_KEY, "").decrypt(encrypted)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_refused(self, sealed: bytes) -> None:
        with pytest.raises(SignatureInvalidError):
            MessageCipher(AES_KEY, APPID).decrypt(base64.b64encode(sealed).decode())


class TestEncrypt:
    @pytest.mark.parametrize("name", ENCRYPTED)
    def test_m7_the_published_cipher_text_comes_out(self, name: str) -> None:
        vector = VECTORS[name]
        cipher = MessageCipher(vector["encoding_aes_key"], vector["receive_id"])

        encrypted = cipher.encrypt(vector["plaintext"].encode(), vector["random16"].encode())

        assert encrypted == vector["expect"]["Encrypt"]

    @pytest.mark.parametrize("name", [one for one in ENCRYPTED if "reply" in one])
    def test_m7_the_published_signature_comes_out(self, name: str) -> None:
        vector = VECTORS[name]
        expected = vector["expect"]
        parts = str(vector["timestamp"]), vector["nonce"], expected["Encrypt"]

        assert sign(vector["token"], *parts) == expected["MsgSignature"]

    @given(st.text(max_size=300), st.binary(min_size=16, max_size=16))
    def test_the_platform_opens_what_we_encrypt(self, message: str, random16: bytes) -> None:
        encrypted = MessageCipher(AES_KEY, APPID).encrypt(message.encode(), random16)

        assert theirs.decrypt(AES_KEY, APPID, encrypted) == message

    @given(st.text(max_size=300), st.binary(min_size=16, max_size=16))
    def test_we_open_what_the_platform_encrypts(self, message: str, random16: bytes) -> None:
        encrypted = theirs.encrypt(AES_KEY, APPID, message, random16)

        assert MessageCipher(AES_KEY, APPID).decrypt(encrypted) == message.encode()
