"""What the verifier tells of a file, a text or an id."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labelling.evidence.verifier import verify
from labelling.writers.office import CustomPropertyWriter
from labelling.writers.pdf import PdfInformationWriter
from tests.labelling.evidence.logs import DIGEST_KEY, Log, changed, example, labelled, whole
from tests.labelling.writers import documents

TEXT = "七天内可退。（内容由AI生成）"


def keyed(content: bytes) -> str:
    """Digest as `DataKey.digest` does what the record of a part tells."""
    told = hashlib.sha256(content).hexdigest().encode()
    return hmac.digest(DIGEST_KEY, told, "sha256").hex()


class TestSubject:
    @pytest.fixture
    def found(self, tmp_path: Path) -> Callable[[bytes, str], list[dict[str, Any]]]:
        def look(content: bytes, argument: str) -> list[dict[str, Any]]:
            log = example(4)
            log.add("conversation-9", "labelled", labelled("out-9", keyed(content)))
            log.add("conversation-9", "delivered", {"output": "out-9", "platform_id": "msg-9"})
            log.add("conversation-9", "erased", {"output": "out-99", "note": "out-9"})
            log.sign()
            report = verify(whole(log, tmp_path / "bundle.zip"), argument)
            assert report.faults == []
            assert report.found is not None
            return report.found

        return look

    def test_a_text_is_told_with_model_version_and_delivery(
        self, found: Callable[[bytes, str], list[dict[str, Any]]]
    ) -> None:
        (answer,) = found(TEXT.encode(), TEXT)

        assert answer["matched_by"] == "content"
        assert answer["produced_at"] == "2026-11-21T12:00:12+00:00"
        assert (answer["model"], answer["knowledge_version"]) == ("qwen-max", 7)
        assert answer["conversation"] == "conversation-9"
        assert answer["events"] == [
            {
                "index": 13,
                "kind": "delivered",
                "at": "2026-11-21T12:00:13+00:00",
                "output": "out-9",
                "platform_id": "msg-9",
            }
        ]

    @pytest.mark.parametrize("argument", ["out-9", "content-out-9", "turn-out-9"])
    def test_an_id_is_told(
        self, found: Callable[[bytes, str], list[dict[str, Any]]], argument: str
    ) -> None:
        (answer,) = found(b"", argument)

        assert (answer["output"], answer["matched_by"]) == ("out-9", "id")

    def test_a_file_is_told_by_its_content(
        self, found: Callable[[bytes, str], list[dict[str, Any]]], tmp_path: Path
    ) -> None:
        file = tmp_path / "a.png"
        file.write_bytes(bytes(1000))

        (answer,) = found(bytes(1000), str(file))

        assert (answer["output"], answer["matched_by"]) == ("out-9", "content")

    @pytest.mark.parametrize(
        "content",
        [
            PdfInformationWriter().write(documents.pdf(1), documents.LABEL),
            CustomPropertyWriter().write(documents.docx(), documents.LABEL),
            b"<x>{&quot;ProduceID&quot;:&quot;content-1&quot;}</x>",
            b"AIGC:\n  ProduceID: 'content-1'\n",
        ],
    )
    def test_a_file_that_was_changed_since_is_told_by_the_label_in_it(
        self,
        found: Callable[[bytes, str], list[dict[str, Any]]],
        tmp_path: Path,
        content: bytes,
    ) -> None:
        file = tmp_path / "a.file"
        file.write_bytes(content.replace(b"content-1", b"content-out-9"))
        if content.startswith(b"PK"):
            files = documents.members(content)
            custom = files["docProps/custom.xml"].replace(b"content-1", b"content-out-9")
            file.write_bytes(documents.archive({**files, "docProps/custom.xml": custom}))

        (answer,) = found(b"", str(file))

        assert (answer["output"], answer["matched_by"]) == ("out-9", "id")

    @pytest.mark.parametrize("argument", ["out-", "七天", "x" * 5000, "out-9 "])
    def test_what_the_log_does_not_know_is_not_found(
        self, found: Callable[[bytes, str], list[dict[str, Any]]], argument: str
    ) -> None:
        assert found(b"", argument) == []

    def test_an_erased_customers_content_is_not_found_without_the_key(self, tmp_path: Path) -> None:
        log = Log()
        log.add("conversation-9", "labelled", labelled("out-9", keyed(TEXT.encode())))
        log.sign()
        path = changed(whole(log, tmp_path / "a"), "digest_keys.txt", b"")

        assert verify(path, TEXT).found == []
        assert verify(path, TEXT).faults == []

    def test_no_more_answers_are_kept_than_a_person_reads(self, tmp_path: Path) -> None:
        log = Log()
        for _ in range(150):
            log.add("conversation-9", "labelled", labelled("out-9", "0" * 64))
        log.sign()

        assert len(verify(whole(log, tmp_path / "a"), "out-9").found or ()) == 100
