"""Commands that stay: what they refuse at once, and how they start and stop as real processes."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from runtime.cli.output import Exit
from tests.runtime.cli.conftest import Zhanggui

_PATIENCE = 60


class TestRefusals:
    @pytest.mark.parametrize("command", [("worker",), ("serve", "--no-worker")])
    def test_what_is_embedded_belongs_to_one_process(
        self, zhanggui: Zhanggui, command: tuple[str, ...]
    ) -> None:
        refused = zhanggui(*command)

        assert refused.exit_code == Exit.REFUSED
        assert "database, queue, vectors" in refused.stderr
        assert "ZHANGGUI_QUEUE__REDIS_URL" in refused.stderr

    def test_production_names_what_is_missing(self, zhanggui: Zhanggui) -> None:
        refused = zhanggui("serve", environment="production")

        assert refused.exit_code == Exit.REFUSED
        for name in ("DATABASE__URL", "QUEUE__REDIS_URL", "VECTORS__URL", "MODEL__API_KEY"):
            assert f"ZHANGGUI_{name}" in refused.stderr


@pytest.mark.slow  # imports the demo brand's documents and plays its whole story
class TestDemo:
    @pytest.mark.parametrize("form", [(), ("--json",)])
    def test_its_story_ends_well(self, zhanggui: Zhanggui, form: tuple[str, ...]) -> None:
        shown = zhanggui("demo", "--once", *form)

        assert shown.exit_code == Exit.FINE
        assert "内容由AI生成" in shown.output
        assert "every audit chain holds" in shown.output or '"audit_faults": 0' in shown.output


@pytest.mark.slow  # a fresh interpreter with everything imported
class TestProcesses:
    @pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
    def test_serve_is_ready_and_stops_gracefully(
        self, tmp_path: Path, stop: signal.Signals
    ) -> None:
        with _started(tmp_path, "serve", "--port", "0") as process:
            port = _read_until(process, r'port["=: ]+(\d+)')
            ready = httpx.get(f"http://127.0.0.1:{port}/health/ready")
            process.send_signal(stop)

            code = process.wait(_PATIENCE)

        assert ready.json()["status"] == "ready"
        assert code == Exit.FINE

    def test_the_demo_runs_once_and_ends(self, tmp_path: Path) -> None:
        with _started(tmp_path, "demo", "--once", "--json") as process:
            out, err = process.communicate(timeout=_PATIENCE)

        assert process.returncode == Exit.FINE
        assert '"audit_faults": 0' in out
        assert "Traceback" not in err


@contextmanager
def _started(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = Path(sys.executable).with_name("zhanggui")
    environment = {"PATH": os.environ["PATH"], "ZHANGGUI_DATA": str(folder / "data")}
    with subprocess.Popen(  # noqa: S603 - our own command
        [command, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _read_until(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if "serving" in line and (found := re.search(pattern, line)):
            return found[1]
    pytest.fail("the process ended before it served")
