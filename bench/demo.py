"""The main job, as `make demo` starts it on a machine where everything is installed."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.figures import Figure, Plan, Reading, Readings, Target, median
from labelling.wording import TEXT_NOTICE

FIGURES = (
    Figure(
        "once",
        "`zhanggui demo --once`, from nothing to the last labelled answer",
        "s",
        Target(60),
        reason="nobody else has this job; it holds the import, four answers and the audit's proof",
    ),
)


async def measure(plan: Plan) -> Readings:
    """Run the command, in a folder where no settings are found."""
    runs = plan.size(3, 1)
    took = [await _once() for _ in range(runs)]
    each = ", ".join(f"{one:.1f}" for one in took)
    return {"once": Reading(median(took), runs, note=f"runs: {each} s")}


async def _once() -> float:
    with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("zhanggui"),
            *("demo", "--once", "--json"),
            cwd=folder,
            env={"PATH": "", "TMPDIR": folder},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
        took = time.perf_counter() - began
    answers = [answer for scene in json.loads(output)["scenes"] for answer in scene["received"]]
    assert any(answer.endswith(TEXT_NOTICE) for answer in answers)
    return took
