"""A manifest of Content Credentials is seen in every medium, and checked without any network."""

from pathlib import Path

import pytest

from labelling import reader
from labelling.certificates import SelfMade, self_made
from labelling.conformance import documents, pictures, recordings
from labelling.conformance.carriers import Carrier, carriers
from labelling.content import MANIFEST_MEDIA, MediaType
from labelling.manifest import Credentials as Chain
from labelling.manifest import ManifestSigner
from labelling.reader import Verdict
from labelling.reading.credentials import validate
from runtime.clock import now

SIGNED = [
    carrier
    for carrier in carriers()
    # The skeletons of these have no frames, and the library counts them.
    if carrier.media_type in MANIFEST_MEDIA
    and carrier.name not in {"avif", "heic", "mov", "m4a", "mp4", "avi", "flac"}
]


@pytest.fixture(scope="module")
def made() -> SelfMade:
    return self_made("测试", now())


@pytest.fixture
def signer(made: SelfMade) -> ManifestSigner:
    return ManifestSigner(Chain(made.chain, made.key))


@pytest.mark.parametrize("carrier", SIGNED, ids=lambda carrier: carrier.name)
def test_a_manifest_is_seen_and_says_what_made_it(
    carrier: Carrier, signer: ManifestSigner, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(signer.sign(carrier.plain(), carrier.media_type))

    reading = reader.read_path(path)
    credentials = validate(carrier.media_type, path)

    assert reading.c2pa
    assert reading.verdict in {Verdict.SUSPECTED, Verdict.ABSENT}
    assert credentials is not None
    assert credentials.state == "Valid"
    assert credentials.codes == ("signingCredential.untrusted",)


def test_the_source_type_of_a_manifest_is_a_trace(signer: ManifestSigner) -> None:
    reading = reader.read(MediaType.PNG, signer.sign(pictures.png(), MediaType.PNG))

    assert (reading.verdict, reading.label) == (Verdict.SUSPECTED, None)
    assert reading.issues == ("trace-c2pa",)


def test_what_was_changed_after_signing_is_invalid(signer: ManifestSigner, tmp_path: Path) -> None:
    signed = bytearray(signer.sign(pictures.png(), MediaType.PNG))
    signed[-13] ^= 1
    (tmp_path / "a.png").write_bytes(signed)

    credentials = validate(MediaType.PNG, tmp_path / "a.png")

    assert credentials is not None
    assert credentials.state == "Invalid"
    assert "assertion.dataHash.mismatch" in credentials.codes


@pytest.mark.parametrize(
    ("media_type", "content"),
    [(MediaType.PNG, pictures.png()), (MediaType.MKV, b"any"), (MediaType.TEXT, b"any")],
)
def test_without_a_manifest_there_is_nothing_to_check(
    media_type: MediaType, content: bytes, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(content)

    assert validate(media_type, tmp_path / "file") is None


def test_a_manifest_that_is_none_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(pictures.png(pictures.png_chunk(b"caBX", b"no boxes")))

    credentials = validate(MediaType.PNG, tmp_path / "a.png")

    assert credentials is not None
    assert credentials.state == "Unreadable"


MANIFEST_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (MediaType.MP4, recordings.film(b"mp42", behind=pictures.box(b"uuid", MANIFEST_UUID))),
        (MediaType.MP4, recordings.film(b"mp42", pictures.box(b"uuid", MANIFEST_UUID))),
        (MediaType.AVIF, pictures.items(b"avif") + pictures.box(b"uuid", MANIFEST_UUID)),
        (
            MediaType.FLAC,
            recordings.flac(before=recordings.id3((b"GEOB", b"\0application/c2pa\0"))),
        ),
        (MediaType.SVG, pictures.svg("<c2pa:manifest xmlns:c2pa='x'>AAAA</c2pa:manifest>")),
        (MediaType.PDF, documents.pdf("jumdc2pa", key="/Title")),
        (MediaType.PDF, documents.pdf("c2pa", key="/Title")),
        (
            MediaType.DOCX,
            documents.zipped({"word/document.xml": b"", "META-INF/content_credential.c2pa": b""}),
        ),
    ],
)
def test_a_manifest_is_seen_where_others_put_it(media_type: MediaType, content: bytes) -> None:
    assert reader.read(media_type, content).c2pa
