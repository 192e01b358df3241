"""The folder of an embedded index: whose it is, what it was built with, and who has it open."""

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from knowledge.errors import KnowledgeError
from knowledge.index.base import Identity

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Record:
    """What stands in `index.json`."""

    brand: str
    identity: Identity
    shard: int
    """Number of the folder that holds the passages; a rebuilt one gets the next."""
    settled: bool
    """Whether the saved statistics are those of the passages."""
    narrowed: frozenset[str] = frozenset()
    """Keys by which any passage was ever kept from anyone; no other has to be asked about."""


class IndexFolder:
    """Holds the lock from its making to `release`; writes are whole or not at all."""

    def __init__(self, path: Path) -> None:
        """Take the folder.

        Raises:
            KnowledgeError: Another index has it open, in this process or another.
        """
        self._path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(path / "lock")

    def release(self) -> None:
        """Let others have it."""
        self._lock.close()

    def read(self) -> Record | None:
        """Give the record, or None where nothing was ever kept."""
        place = self._path / "index.json"
        if not place.exists():
            return None
        values = json.loads(place.read_text(encoding="utf-8"))
        if values["schema"] != _SCHEMA:
            msg = f"{str(place)!r} is of schema {values['schema']}: import its documents again"
            raise KnowledgeError(msg)
        identity = Identity(**values["identity"])
        return Record(
            brand=values["brand"],
            identity=identity,
            shard=values["shard"],
            settled=values["settled"],
            narrowed=frozenset(values["narrowed"]),
        )

    def write(self, record: Record) -> None:
        """Replace the record."""
        values = asdict(record) | {"schema": _SCHEMA, "narrowed": sorted(record.narrowed)}
        self._replace("index.json", json.dumps(values, ensure_ascii=False).encode())

    def read_statistics(self) -> bytes:
        return (self._path / "statistics.bin").read_bytes()

    def write_statistics(self, packed: bytes) -> None:
        self._replace("statistics.bin", packed)

    def shard(self, number: int) -> Path:
        """Name the folder of a shard."""
        return self._path / f"shard-{number}"

    def copy_shard(self, number: int) -> None:
        """Copy a shard to the next number."""
        self.remove_shard(number + 1)
        shutil.copytree(self.shard(number), self.shard(number + 1))

    def remove_shard(self, number: int) -> None:
        """Remove a shard that is no longer, or was never, the one of the record."""
        shutil.rmtree(self.shard(number), ignore_errors=True)

    def _replace(self, name: str, content: bytes) -> None:
        draft = self._path / f"{name}.new"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path / name)


def _locked(path: Path) -> IO[bytes]:
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        msg = f"index folder {str(path.parent)!r} is open already: one process has it at a time"
        raise KnowledgeError(msg) from error
    return file
