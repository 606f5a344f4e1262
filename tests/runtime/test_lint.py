"""Lint runs its steps beside each other, tells which failed, and leaves none behind."""

import os
import time
from pathlib import Path

import pytest

from marketplace.runtime.lint import run_steps

MEET = """
import pathlib, sys, time
mine, other = (pathlib.Path(name) for name in sys.argv[1:])
mine.touch()
deadline = time.monotonic() + 20
while not other.exists():
    assert time.monotonic() < deadline
    time.sleep(0.01)
"""


def run(steps: dict[str, list[str]], folder: Path, meanwhile: object = lambda: None) -> list[str]:
    return run_steps(steps, dict(os.environ), folder / "log", meanwhile)  # type: ignore[arg-type]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core runs one step at a time")
def test_two_steps_run_at_once(tmp_path: Path) -> None:
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert run({"one": ["-c", MEET, one, two], "two": ["-c", MEET, two, one]}, tmp_path) == []


def test_every_step_runs_and_those_that_fail_are_named(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    steps = {
        "types": ["-c", "print('no type'); raise SystemExit(1)"],
        "import floors": ["-c", "print('all stand')"],
        "ruff check": ["-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"],
    }
    assert run(steps, tmp_path) == ["types", "ruff check"]
    printed = capfd.readouterr().out
    assert "no type\n" in printed
    assert "all stand\n" in printed


def test_an_interruption_stops_what_runs(tmp_path: Path) -> None:
    program = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)"

    def interrupt() -> None:
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run({"long": ["-c", program]}, tmp_path, interrupt)
    assert time.monotonic() - began < 30
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
