"""The machine that was measured on, and what else it did meanwhile."""

import os
import platform
import resource
import sqlite3
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_ENGINES = ("uvicorn", "uvloop", "sqlalchemy", "langgraph", "qdrant-edge-py")
_IDLE = (3, 4)
"""Columns of idle and of waiting for a disk in the first line of /proc/stat."""


def describe() -> str:
    """Give the machine's line: processor, cores, disk, Python and the engines."""
    engines = ", ".join(f"{name} {version(name)}" for name in _ENGINES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"data on {_file_system(Path(tempfile.gettempdir()))}; Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {engines}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _file_system(folder: Path) -> str:
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "an unknown file system"
    mounts = {fields[1]: fields[2] for fields in map(str.split, lines)}
    place = folder.resolve()
    return next(mounts[str(path)] for path in (place, *place.parents) if str(path) in mounts)


@dataclass(frozen=True, slots=True)
class Busy:
    """Processor seconds so far, of everybody and of processes that ended under this one."""

    everybody: float
    total: float
    ours: float

    @classmethod
    def now(cls) -> "Busy":
        """Look at the machine's counters."""
        try:
            first = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
        except OSError:
            return cls(0.0, 0.0, 0.0)
        ticks = [int(field) / os.sysconf("SC_CLK_TCK") for field in first.split()[1:9]]
        idle = sum(ticks[column] for column in _IDLE)
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        ours = sum(one.ru_utime + one.ru_stime for one in used)
        return cls(sum(ticks) - idle, sum(ticks), ours)

    def others_since(self, before: "Busy") -> float:
        """Give the share of the machine that processes of others took, in [0, 1]."""
        total = self.total - before.total
        others = (self.everybody - before.everybody) - (self.ours - before.ours)
        return max(0.0, others / total) if total else 0.0


def load_average() -> float:
    """Give the load average of the last minute."""
    return os.getloadavg()[0]
