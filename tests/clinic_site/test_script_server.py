"""`script/server` ends what it has started, whoever stops it."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.processes import PATIENCE, ROOT

# Says that it has begun, as whom, and goes on until somebody ends it.
PYTHON = """#!/bin/sh
case "$2" in
    send_messages | runserver)
        echo "running $$"
        exec tail -f /dev/null
        ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the script, and a Python that only pretends."""
    (tmp_path / "script").mkdir()
    for name in ("server", "bootstrap"):
        shutil.copy(ROOT / "script" / name, tmp_path / "script" / name)
    for name in ("requirements.txt", ".venv/installed-requirements", ".venv/bin/python"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PYTHON if name.endswith("python") else "")
        path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_stops_it_stops_the_site_and_the_worker(clone: Path, sent: signal.Signals) -> None:
    with subprocess.Popen(
        [clone / "script" / "server"], stdout=subprocess.PIPE, text=True, process_group=0
    ) as script:
        assert script.stdout
        said = (line.split() for line in script.stdout if line.startswith("running"))
        begun = [int(next(said)[1]), int(next(said)[1])]
        script.send_signal(sent)
        script.wait(PATIENCE)
        ended_now = [subprocess.run(["kill", str(each)], check=False) for each in begun]
        left = [each.args for each in ended_now if each.returncode == 0]
    assert (left, script.returncode) == ([], 0)
