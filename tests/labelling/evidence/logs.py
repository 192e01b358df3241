"""Logs to prove: entries as the audit log writes them, heads, and the tree's nodes."""

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from labelling.evidence.bundle import Witness, write_part, write_whole
from labelling.evidence.heads import HeadSigner, SignedHead
from labelling.evidence.merkle import Frontier, leaf_hash

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SIGNER = HeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = HeadSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
DIGEST_KEY = b"k" * 32


class Log:
    """A log in memory: canonical entries with the chains of their conversations."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.tree = Frontier()
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.heads: list[SignedHead] = []
        self._last: dict[str, tuple[int, str]] = {}

    def add(self, conversation: str, kind: str, body: Mapping[str, object]) -> None:
        sequence, previous = self._last.get(conversation, (0, ""))
        entry = json.dumps(
            {
                "v": 1,
                "brand": "brand-1",
                "conversation": conversation,
                "sequence": sequence + 1,
                "previous": previous,
                "kind": kind,
                "at": (NOON + timedelta(seconds=len(self.entries))).isoformat(),
                "body": body,
                "content": None,
            },
            ensure_ascii=False,
            sort_keys=True,
            separators=(",", ":"),
        )
        digest = hashlib.sha256(entry.encode()).hexdigest()
        self._last[conversation] = (sequence + 1, digest)
        self.entries.append(entry)
        for node in self.tree.append(leaf_hash(entry.encode())):
            self.nodes[node.level, node.index] = node.hash

    def sign(self, signer: HeadSigner = SIGNER) -> None:
        at = NOON + timedelta(days=len(self.heads))
        self.heads.append(signer.sign("log-1", self.tree.size, self.tree.root(), at=at))

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]

    @property
    def witness(self) -> Witness:
        return Witness(self.heads, {SIGNER.key_id: SIGNER.public_key}, [DIGEST_KEY])


def labelled(
    output: str, part: str, *, model: str = "qwen-max", release: int = 7
) -> dict[str, object]:
    """Give the body that `_labelled` of the pipeline writes."""
    return {
        "turn": f"turn-{output}",
        "output": output,
        "origin": "generated",
        "rule": "Measures Art. 4, 5; GB 45438-2025 §5, §6",
        "aigc": {"Label": "1", "ProduceID": f"content-{output}"},
        "parts": [part],
        "writers": [["text-notice"]],
        "model": model,
        "route": "main",
        "prompt_version": "3",
        "passages": ["p1"],
        "release": release,
    }


def example(turns: int = 6, conversations: int = 2) -> Log:
    log = Log()
    for turn in range(turns):
        conversation = f"conversation-{turn % conversations}"
        log.add(conversation, "received", {"inbound": f"in-{turn}", "content": "0" * 64})
        log.add(conversation, "labelled", labelled(f"out-{turn}", f"{turn:064x}"))
        log.add(conversation, "delivered", {"output": f"out-{turn}", "platform_id": f"msg-{turn}"})
        if turn == turns // 2:
            log.sign()
    log.sign()
    return log


def whole(log: Log, path: Path) -> Path:
    with path.open("wb") as target:
        write_whole(target, log.entries, log.witness)
    return path


def part(log: Log, indices: Sequence[int], path: Path) -> Path:
    chosen = [(index, log.entries[index]) for index in indices]
    with path.open("wb") as target:
        write_part(target, chosen, log.node, log.witness)
    return path


def changed(path: Path, name: str, content: bytes | None) -> Path:
    """Write a bundle again with one member changed or left out."""
    made = BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(made, "w") as target:
        for member in source.namelist():
            if member != name:
                target.writestr(member, source.read(member))
        if content is not None:
            target.writestr(name, content)
    path.write_bytes(made.getvalue())
    return path


def member(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as source:
        return source.read(name)
