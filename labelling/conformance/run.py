"""Tries a reader on the cases: ours, or any command that prints a verdict."""

import json
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from labelling.conformance.carriers import carriers
from labelling.conformance.cases import Case, Group, of_medium
from labelling.conformance.places import FAMILIES
from labelling.errors import LabellingError
from labelling.reader import read_path

_PATIENCE_S = 30.0
REFUSED = "refused"


class ToolError(LabellingError):
    """The other tool could not be run, or printed no verdict."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a reader says of a file; None where it does not speak of it."""

    verdict: str
    label: str | None = None
    strict: bool | None = None


Reads = Callable[[Path], Said]


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that was read wrongly."""

    case: str
    expected: str
    found: str


@dataclass(slots=True)
class Outcome:
    """How a reader did."""

    failures: list[Failure] = field(default_factory=list)
    groups: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Right ones and all, by group."""

    @property
    def total(self) -> int:
        """How many cases there were."""
        return sum(total for _, total in self.groups.values())

    @property
    def right(self) -> int:
        """How many were read rightly."""
        return sum(right for right, _ in self.groups.values())

    def as_dict(self) -> dict[str, object]:
        """Give it for a program."""
        return {
            "right": self.right,
            "total": self.total,
            "groups": {name: {"right": r, "total": t} for name, (r, t) in self.groups.items()},
            "failures": [asdict(failure) for failure in self.failures],
        }


def cases() -> Iterator[Case]:
    """Give every case, the same in every run."""
    for carrier in carriers():
        yield from of_medium(carrier)
    for family in FAMILIES:
        yield from family()


def run(
    reads: Reads,
    shown: Callable[[Iterable[Case]], Iterable[Case]] = iter,
    made: Callable[[], Iterable[Case]] = cases,
) -> Outcome:
    """Try a reader on every case.

    Args:
        reads: The reader.
        shown: Passes the cases on, such as with a bar for people who wait.
        made: Makes the cases.
    """
    outcome = Outcome(groups={group.value: (0, 0) for group in Group})
    with tempfile.TemporaryDirectory() as folder:
        for case in shown(list(made())):
            failure = tried(case, reads, Path(folder))
            if failure:
                outcome.failures.append(failure)
            right, total = outcome.groups[case.group.value]
            outcome.groups[case.group.value] = (right + (failure is None), total + 1)
    return outcome


def tried(case: Case, reads: Reads, folder: Path) -> Failure | None:
    """Try a reader on one case; the file stands in a folder while it is read."""
    path = _put(case, folder / "case")
    try:
        wrong = _wrong(case, reads(path))
    finally:
        for file in (path, _note(path)):
            file.unlink(missing_ok=True)
    return Failure(case.name, "/".join(case.verdicts), wrong) if wrong else None


def _wrong(case: Case, said: Said) -> str | None:
    """Say what is wrong with an answer; what a reader does not speak of is not held against it."""
    if said.verdict not in case.verdicts:
        return said.verdict
    if case.label is not None and said.label not in {None, case.label}:
        return f"label {said.label}"
    if case.strict is not None and said.strict not in {None, case.strict}:
        return "strict" if said.strict else "not strict"
    return None


def ours(path: Path) -> Said:
    """Read with our own reader."""
    try:
        reading = read_path(path)
    except LabellingError:
        return Said(REFUSED)
    return Said(reading.verdict.value, reading.label, reading.strict)


def tried_by(command: str, patience_s: float = _PATIENCE_S) -> Reads:
    """Read with another tool.

    Args:
        command: What is run, as in a shell; the path comes behind it.
        patience_s: How long one file may take.
    """
    words = shlex.split(command)

    def reads(path: Path) -> Said:
        try:
            done = subprocess.run(  # noqa: S603 -- the command is the caller's own
                [*words, str(path)],
                capture_output=True,
                check=False,
                timeout=patience_s,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            return Said("timeout")
        except OSError as error:
            msg = f"{command!r} cannot be run: {error.strerror}"
            raise ToolError(msg) from error
        return _said(command, done.stdout)

    return reads


def _said(command: str, printed: bytes) -> Said:
    try:
        value = json.loads(printed)
        verdict, label, strict = value["verdict"], value.get("label"), value.get("strict")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{command!r} printed no JSON object with a verdict"
        raise ToolError(msg) from error
    # A tool that prints null has refused the file.
    return Said(
        REFUSED if verdict is None else str(verdict),
        str(label) if label is not None else None,
        strict if isinstance(strict, bool) else None,
    )


def written(folder: Path) -> int:
    """Write the cases and what is expected of them into a folder; give how many."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, case in enumerate(cases(), 1):
        path = _put(case, folder / f"{number:04}-{case.name.replace('/', '-')}")
        listed.append(
            {
                "file": path.name,
                "case": case.name,
                "group": case.group.value,
                "verdicts": case.verdicts,
                "label": case.label,
                "strict": case.strict,
                "sha256": sha256(case.content).hexdigest(),
            }
        )
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    (folder / "cases.json").write_text(text + "\n", encoding="utf-8")
    return len(listed)


def _put(case: Case, stem: Path) -> Path:
    path = stem.with_name(f"{stem.name}.{case.suffix}")
    path.write_bytes(case.content)
    if case.beside is not None:
        _note(path).write_text(case.beside, encoding="utf-8")
    return path


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.aigc.json")
