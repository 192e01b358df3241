"""From file to file: whole or as it was before, read back, signed last."""

import io
import json
from pathlib import Path
from typing import cast

import pytest
from PIL import Image

from labelling import marking, reader
from labelling.certificates import self_made
from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.errors import LabellingError, LabelMissingError, UnsupportedMediaError
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.manifest import Credentials, ManifestSigner
from labelling.marking import Marker
from labelling.policy import Waiver
from labelling.propagation import Outcome
from labelling.reader import Verdict
from labelling.stage import LabellingStage
from labelling.writers.base import Kind, Label
from labelling.writers.chains import CHAINS
from runtime import clock
from tests.labelling.making import NOON, counted, stage
from tests.labelling.test_manifest import picture
from tests.labelling.writers.recordings import sound

WAIVER = Waiver("w1", "2026-11", identity="c7", recipient="c7", reason="印刷品")
PAGE = "# 护肤建议\n\n每日早晚各一次。\n".encode()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_bytes(PAGE)
    return path


@pytest.fixture(scope="module")
def signing() -> LabellingStage:
    made = self_made("测试", clock.now())
    signer = ManifestSigner(Credentials(made.chain, made.key))
    return LabellingStage(
        ProducerCode.parse(DUMMY_CODE),
        now=lambda: NOON,
        new_content_id=counted(),
        marker=Marker(manifests=lambda: signer),
    )


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestLabelFile:
    def test_both_labels_are_written_and_on_record(self, page: Path, tmp_path: Path) -> None:
        target = tmp_path / "labelled.md"

        record = stage().label_file(page, target, output_id="o1")

        reading = reader.read_path(target)
        assert (reading.verdict, reading.fields) == (Verdict.CONFIRMED, record.aigc)
        assert reading.explicit is not None
        assert record.parts[0].writers == ("markdown-notice", "markdown-front-matter")
        assert page.read_bytes() == PAGE
        assert left_in(tmp_path) == ["labelled.md", "page.md"]

    def test_a_file_may_become_itself(self, page: Path) -> None:
        stage().label_file(page, page, output_id="o1")

        assert reader.read_path(page).verdict is Verdict.CONFIRMED

    def test_under_a_waiver_the_words_are_left_out_alone(self, page: Path, tmp_path: Path) -> None:
        target = tmp_path / "waived.md"

        record = stage().label_file(page, target, output_id="o1", waiver=WAIVER)

        reading = reader.read_path(target)
        assert (reading.explicit, reading.fields) == (None, record.aigc)
        assert record.waiver == "w1"

    def test_a_persons_file_stays_as_it_is(self, page: Path, tmp_path: Path) -> None:
        target = tmp_path / "same.md"

        record = stage().label_file(page, target, output_id="o1", origin=Origin.HUMAN)

        assert target.read_bytes() == PAGE
        assert (record.aigc, record.parts[0].writers) == (None, ())

    def test_text_without_a_place_has_its_label_beside_it(self, tmp_path: Path) -> None:
        source, target = tmp_path / "a.txt", tmp_path / "b.txt"
        source.write_text("每日早晚各一次。", encoding="utf-8")

        record = stage().label_file(source, target, output_id="o1")

        assert record.aigc is not None
        beside = json.loads((tmp_path / "b.txt.aigc.json").read_text(encoding="utf-8"))
        assert beside == record.aigc.as_dict()
        assert reader.read_path(target).strict

    def test_a_manifest_is_signed_last(self, signing: LabellingStage, tmp_path: Path) -> None:
        source, target = tmp_path / "a.svg", tmp_path / "b.svg"
        source.write_bytes(picture(MediaType.SVG))

        record = signing.label_file(source, target, output_id="o1")

        assert record.parts[0].writers[-1] == "c2pa"
        assert reader.read_path(target).c2pa


class TestBadInput:
    @pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n"])
    def test_nothing_is_left_behind(self, tmp_path: Path, content: bytes) -> None:
        source = tmp_path / "bad.png"
        source.write_bytes(content)

        with pytest.raises(LabellingError):
            stage().label_file(source, tmp_path / "out.png", output_id="o1")

        assert left_in(tmp_path) == ["bad.png"]

    def test_a_medium_that_cannot_be_labelled_is_refused(self, tmp_path: Path) -> None:
        source = tmp_path / "film.flv"
        source.write_bytes(b"FLV\x01\x05\0\0\0\x09\0\0\0\0")

        with pytest.raises(UnsupportedMediaError):
            stage().label_file(source, tmp_path / "out.flv", output_id="o1")

    def test_a_target_that_was_there_stays(self, tmp_path: Path) -> None:
        source, target = tmp_path / "bad.png", tmp_path / "good.png"
        source.write_bytes(b"\x89PNG\r\n\x1a\n")
        target.write_bytes(b"as it was")

        with pytest.raises(LabellingError):
            stage().label_file(source, target, output_id="o1")

        assert target.read_bytes() == b"as it was"

    def test_a_file_that_changes_meanwhile_is_refused(self, page: Path, tmp_path: Path) -> None:
        class Meddler:
            name = "meddler"
            kind = Kind.EXPLICIT

            def write(self, content: bytes, label: Label) -> bytes:
                page.write_bytes(PAGE * 2)
                return CHAINS[MediaType.MARKDOWN][0].write(content, label)

            def read(self, content: bytes) -> str | None:
                return None

        made = stage({MediaType.MARKDOWN: (Meddler(), CHAINS[MediaType.MARKDOWN][1])})

        with pytest.raises(LabellingError, match="changed while it was read"):
            made.label_file(page, tmp_path / "out.md", output_id="o1")
        assert left_in(tmp_path) == ["page.md"]

    @pytest.mark.parametrize(("kept", "what"), [(0, "implicit"), (1, "explicit")])
    def test_a_label_that_was_not_written_lets_nothing_out(
        self, page: Path, tmp_path: Path, kept: int, what: str
    ) -> None:
        made = stage({MediaType.MARKDOWN: (CHAINS[MediaType.MARKDOWN][kept],)})

        with pytest.raises(LabelMissingError, match=f"the {what} label"):
            made.label_file(page, tmp_path / "out.md", output_id="o1")
        assert left_in(tmp_path) == ["page.md"]

    def test_a_folder_that_is_not_there_is_told(self, page: Path, tmp_path: Path) -> None:
        with pytest.raises(LabellingError, match="cannot be labelled into"):
            stage().label_file(page, tmp_path / "nowhere" / "out.md", output_id="o1")

    def test_a_file_that_is_gone_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(LabellingError):
            stage().label_file(tmp_path / "gone.md", tmp_path / "out.md", output_id="o1")


class TestPropagateFile:
    def test_what_arrives_labelled_keeps_its_producer(self, page: Path, tmp_path: Path) -> None:
        theirs = stage().label_file(page, page, output_id="o1").aigc
        target = tmp_path / "carried.md"

        made = stage().propagate_file(page, target, declared=False)

        fields = reader.read_path(target).fields
        assert theirs is not None
        assert fields is not None
        assert made.outcome is Outcome.CONFIRMED
        assert (fields.label, fields.content_producer) == ("1", theirs.content_producer)
        assert fields.produce_id == theirs.produce_id
        assert fields.content_propagator == "001191000000000000000K20001"

    def test_what_is_declared_is_labelled_so(self, page: Path, tmp_path: Path) -> None:
        target = tmp_path / "carried.md"

        made = stage().propagate_file(page, target, declared=True)

        assert made.notice == "内容可能由AI生成"
        assert reader.read_path(target).verdict is Verdict.DECLARED

    def test_what_nobody_speaks_of_is_passed_on_as_it_is(self, page: Path, tmp_path: Path) -> None:
        target = tmp_path / "carried.md"

        made = stage().propagate_file(page, target, declared=False)

        assert (made.outcome, made.aigc) == (Outcome.NONE, None)
        assert target.read_bytes() == PAGE

    def test_a_manifest_names_what_arrived(self, signing: LabellingStage, tmp_path: Path) -> None:
        source, target = tmp_path / "a.svg", tmp_path / "b.svg"
        source.write_bytes(picture(MediaType.SVG))

        signing.propagate_file(source, target, declared=True)

        assert reader.read_path(target).c2pa


def test_every_surface_takes_files(page: Path, tmp_path: Path) -> None:
    for surface in Surface:
        target = tmp_path / f"{surface.value}.md"
        stage().label_file(page, target, output_id="o1", surface=surface)
        assert target.stat().st_size > len(PAGE)


class TestMedia:
    """Through the chains of pictures and sounds, whose marks only their writers can see."""

    def test_a_picture_is_marked_labelled_and_signed(self, signing: LabellingStage) -> None:
        part = Part(MediaType.JPEG, _large(MediaType.JPEG))

        output = signing.label(
            Draft((part,), Origin.GENERATED), output_id="o1", surface=Surface.PLATFORM
        )

        content = output.parts[0].content
        assert isinstance(content, bytes)
        assert output.record.parts[0].writers == ("jpeg-mark", "jpeg-xmp", "c2pa")
        assert reader.read(MediaType.JPEG, content).strict

    @pytest.mark.parametrize("name", ["a.jpeg", "a.wav"])
    def test_a_file_is_marked_and_labelled(self, tmp_path: Path, name: str) -> None:
        source, target = tmp_path / name, tmp_path / f"b-{name}"
        sample = _large(MediaType.JPEG) if name == "a.jpeg" else sound("wav", "pcm_s16le")
        source.write_bytes(sample)

        record = stage().label_file(source, target, output_id="o1")

        assert reader.read_path(target).fields == record.aigc
        assert left_in(tmp_path) == sorted([name, f"b-{name}"])

    def test_a_mark_that_was_not_drawn_lets_nothing_out(self) -> None:
        made = stage({MediaType.JPEG: CHAINS[MediaType.JPEG][1:]})
        part = Part(MediaType.JPEG, _large(MediaType.JPEG))

        with pytest.raises(LabelMissingError, match="explicit"):
            made.label(Draft((part,), Origin.GENERATED), output_id="o1", surface=Surface.OWN)

    def test_a_manifest_that_was_not_signed_lets_nothing_out(self) -> None:
        class Silent:
            def sign(self, content: bytes, *_: object) -> bytes:
                return content

        marker = Marker(manifests=lambda: cast("ManifestSigner", Silent()))
        made = LabellingStage(
            ProducerCode.parse(DUMMY_CODE),
            now=lambda: NOON,
            new_content_id=counted(),
            marker=marker,
        )
        part = Part(MediaType.JPEG, _large(MediaType.JPEG))

        with pytest.raises(LabelMissingError, match="manifest"):
            made.label(Draft((part,), Origin.GENERATED), output_id="o1", surface=Surface.OWN)

    def test_what_is_too_large_for_its_medium_is_refused(
        self, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(marking, "_MOST_IN_MEMORY", 4)

        with pytest.raises(UnsupportedMediaError, match="too large"):
            stage().label_file(page, tmp_path / "out.md", output_id="o1")

    def test_a_persons_file_that_stays_where_it_is_is_not_touched(self, page: Path) -> None:
        stage().label_file(page, page, output_id="o1", origin=Origin.HUMAN)

        assert page.read_bytes() == PAGE

    def test_a_file_that_cannot_be_read_again_is_told(
        self, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("labelling.stage.hashlib.file_digest", _no_disk)

        with pytest.raises(LabellingError, match="cannot be read"):
            stage().label_file(page, tmp_path / "out.md", output_id="o1")

    def test_every_medium_of_the_registry_is_counted(self) -> None:
        assert len(CHAINS) == len(list(CHAINS)) > 20


def _no_disk(*_: object) -> None:
    raise OSError(5, "Input/output error")


def _large(media_type: MediaType) -> bytes:
    target = io.BytesIO()
    Image.effect_noise((128, 128), 30).convert("RGB").save(target, media_type.value[6:])
    return target.getvalue()
