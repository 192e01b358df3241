"""`python -m bench`, as the Makefile starts it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.registry import MEASUREMENTS

ROOT = Path(__file__).parents[2]


@pytest.mark.slow  # Measures: two processes are started for each of the measurements.
@pytest.mark.parametrize("name", ["search", "demo"])
def test_a_quick_run_of_one_measurement_gives_its_figures(name: str, tmp_path: Path) -> None:
    kept = tmp_path / "found.json"

    command = [sys.executable, "-m", "bench", "--quick", "--only", name, "--json", str(kept)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)  # noqa: S603 - our own words

    assert (ran.returncode, "Traceback" in ran.stderr) == (0, False)
    (measurement,) = json.loads(kept.read_bytes())["measurements"]
    known = {figure.key for figure in MEASUREMENTS[name].figures}
    found = {figure["key"] for figure in measurement["figures"]}
    assert found
    assert found <= known
    assert all(figure["reading"]["value"] > 0 for figure in measurement["figures"])
