"""Run the gate's tests against its mutants; those that no test notices are printed.

python -m tests.prove.gate [--part N/M]
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from runtime.cli.output import console
from tests.prove.mutants import Mutant, mutants

TESTS: Final = (
    "tests/labelling/test_stage.py",
    "tests/labelling/test_event_stream.py",
    "tests/labelling/test_marking.py",
    "tests/labelling/test_output.py",
    "tests/labelling/test_policy.py",
    "tests/labelling/test_wording.py",
    "tests/channels/webchat",
    "tests/channels/wechat/test_send.py",
    "tests/runtime/test_pipeline.py",
)
"""The quick ones come first: most mutants end with them."""


def survivors(chosen: Sequence[Mutant], *, at_once: int = 2) -> list[Mutant]:
    """Give the mutants that all tests pass with."""
    with ThreadPoolExecutor(at_once) as pool:
        noticed = pool.map(_noticed, chosen)
        return [mutant for mutant, seen in zip(chosen, noticed, strict=True) if not seen]


def _noticed(mutant: Mutant) -> bool:
    ended = subprocess.run(  # noqa: S603 - ourselves
        [
            sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
            "-p", "tests.prove.changed", *TESTS,
        ],
        env={**os.environ, "ZHANGGUI_MUTANT": mutant.name},
        capture_output=True,
        check=False,
    )  # fmt: skip
    return ended.returncode != 0


def main() -> int:
    """Try them all, or a part."""
    every = mutants()
    number, of = 0, 1
    if "--part" in sys.argv:
        number, of = map(int, sys.argv[sys.argv.index("--part") + 1].split("/"))
    chosen = every[number::of]
    left = survivors(chosen)
    for mutant in left:
        console().print(f"{mutant.name} line {mutant.line} {mutant.what}: no test notices")
    console().print(f"{len(chosen) - len(left)} of {len(chosen)} mutants are noticed")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
