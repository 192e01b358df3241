"""A manifest is signed last, says that a model made it, and breaks when anything changes."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from c2pa import Context, Reader, Settings
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from labelling.certificates import SelfMade, self_made
from labelling.content import MANIFEST_MEDIA, MediaType
from labelling.errors import LabellingError, SignerUnavailableError
from labelling.manifest import Credentials, ManifestSigner
from runtime import clock

NOW = clock.now()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9"/></svg>'
_IMAGES = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.GIF: "GIF",
    MediaType.TIFF: "TIFF",
    MediaType.AVIF: "AVIF",
}


@pytest.fixture(scope="module")
def made() -> SelfMade:
    return self_made("测试", NOW)


@pytest.fixture
def signer(made: SelfMade) -> ManifestSigner:
    return ManifestSigner(Credentials(made.chain, made.key))


def picture(media_type: MediaType) -> bytes:
    if media_type is MediaType.SVG:
        return SVG
    target = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(target, _IMAGES[media_type])
    return target.getvalue()


def told(content: bytes, media_type: MediaType, made: SelfMade) -> dict[str, Any]:
    settings = {"trust": {"user_anchors": made.root}, "verify": {"remote_manifest_fetch": False}}
    context = Context(Settings.from_dict(settings))
    with Reader(media_type.value, io.BytesIO(content), context=context) as reader:
        found: dict[str, Any] = json.loads(reader.json())
    return found


def actions(store: dict[str, Any]) -> list[dict[str, Any]]:
    manifest = store["manifests"][store["active_manifest"]]
    return [
        action
        for assertion in manifest["assertions"]
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]


class TestSign:
    @pytest.mark.parametrize("media_type", [*_IMAGES, MediaType.SVG])
    def test_it_says_that_a_model_made_it(
        self, signer: ManifestSigner, made: SelfMade, media_type: MediaType
    ) -> None:
        signed = signer.sign(picture(media_type), media_type)

        store = told(signed, media_type, made)
        assert store["validation_state"] == "Trusted"
        (created,) = actions(store)
        assert created["action"] == "c2pa.created"
        assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")

    def test_it_adds_little(self, signer: ManifestSigner) -> None:
        content = picture(MediaType.JPEG)

        assert len(signer.sign(content, MediaType.JPEG)) - len(content) < 5_000

    def test_what_changes_afterwards_breaks_it(
        self, signer: ManifestSigner, made: SelfMade
    ) -> None:
        signed = bytearray(signer.sign(picture(MediaType.JPEG), MediaType.JPEG))
        signed[-20] ^= 1

        assert told(bytes(signed), MediaType.JPEG, made)["validation_state"] == "Invalid"

    def test_an_ancestor_is_named(self, signer: ManifestSigner, made: SelfMade) -> None:
        ancestor = signer.sign(picture(MediaType.PNG), MediaType.PNG)

        signed = signer.sign(picture(MediaType.PNG), MediaType.PNG, ancestor)

        store = told(signed, MediaType.PNG, made)
        manifest = store["manifests"][store["active_manifest"]]
        assert [one["relationship"] for one in manifest["ingredients"]] == ["parentOf"]
        assert actions(store)[0]["action"] == "c2pa.opened"
        assert len(store["manifests"]) == 2

    def test_a_key_that_stays_elsewhere_signs_by_callback(self, made: SelfMade) -> None:
        key = serialization.load_pem_private_key(made.key.encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        asked: list[bytes] = []

        def sign(data: bytes) -> bytes:
            asked.append(data)
            return key.sign(data, ec.ECDSA(hashes.SHA256()))

        signer = ManifestSigner(Credentials(made.chain, callback=sign))
        signed = signer.sign(picture(MediaType.WEBP), MediaType.WEBP)

        assert told(signed, MediaType.WEBP, made)["validation_state"] == "Trusted"
        assert asked

    def test_a_callback_that_fails_is_no_fault_of_the_content(self, made: SelfMade) -> None:
        def sign(data: bytes) -> bytes:
            raise ConnectionError

        signer = ManifestSigner(Credentials(made.chain, callback=sign))

        with pytest.raises(SignerUnavailableError) as caught:
            signer.sign(picture(MediaType.PNG), MediaType.PNG)
        assert isinstance(caught.value.__cause__, ConnectionError)

    @pytest.mark.parametrize("content", [b"", b"\xff\xd8\xff", b"not a picture"])
    def test_what_cannot_take_one_is_refused(self, signer: ManifestSigner, content: bytes) -> None:
        with pytest.raises(LabellingError):
            signer.sign(content, MediaType.JPEG)

    def test_it_is_told_which_media_take_one(self) -> None:
        assert {*_IMAGES, MediaType.SVG, MediaType.MP4, MediaType.PDF} <= MANIFEST_MEDIA
        assert MediaType.DOCX not in MANIFEST_MEDIA


class TestCredentials:
    @pytest.mark.parametrize(
        "credentials",
        [
            Credentials("no certificate", "key"),
            Credentials("", ""),
            Credentials("", "key", callback=bytes),
            Credentials("", "key", algorithm="RS1"),
        ],
    )
    def test_what_cannot_sign_is_refused(self, credentials: Credentials) -> None:
        with pytest.raises(LabellingError):
            ManifestSigner(credentials)

    def test_a_key_is_not_shown(self, made: SelfMade) -> None:
        assert "PRIVATE" not in repr(Credentials(made.chain, made.key))


class TestWarning:
    def test_without_time_stamps_signatures_die_with_the_certificate(
        self, signer: ManifestSigner
    ) -> None:
        assert f"{signer.expires:%Y-%m-%d}" in signer.warning(NOW)

    def test_with_time_stamps_nothing_is_to_be_done_until_it_expires(self, made: SelfMade) -> None:
        stamped = ManifestSigner(
            Credentials(made.chain, made.key, timestamps="http://stamps.invalid")
        )

        assert stamped.warning(NOW) == ""
        assert "expires on" in stamped.warning(stamped.expires - timedelta(days=3))
        assert "expired on" in stamped.warning(stamped.expires)
