"""Children are known by more than their pid, are stopped for certain, and die with their parent."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from marketplace.runtime.processes import (
    ProcessRecord,
    StopSteps,
    birth,
    read_record,
    read_records,
    spawn,
    stop,
)

AUTOGROUP = Path("/proc/self/autogroup")
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
]

PARENT = """
import os, signal, sys, time
from pathlib import Path
from marketplace.runtime.processes import spawn
folder = Path(sys.argv[1])
child = spawn(
    "child",
    [sys.executable, "-c", "print(1, flush=True); import time; time.sleep(60)"],
    environment=dict(os.environ),
    log=folder / "log",
    death_signal={death_signal},
)
child.record.write(folder)
time.sleep(60)
"""


def wait_for(condition: object, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_birth_is_the_same_for_one_process_and_none_for_a_dead_one() -> None:
    child = subprocess.Popen(SLEEP)
    first = birth(child.pid)
    assert first is not None
    assert birth(child.pid) == first
    child.kill()
    child.wait()
    assert birth(child.pid) is None


def test_a_record_is_read_back_and_a_reused_pid_is_not_taken_for_ours(tmp_path: Path) -> None:
    record = ProcessRecord(name="web", pid=os.getpid(), born=birth(os.getpid()) or "")
    record.write(tmp_path)
    assert read_record(tmp_path, "web") == record
    assert record.alive()
    stranger = replace(record, born="an earlier boot/1")
    assert not stranger.alive()
    stop(stranger)  # it would have ended this test
    record.forget(tmp_path)
    assert read_records(tmp_path) == []


def test_a_broken_record_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text('{"pid": "x"')
    (tmp_path / "worker.json").write_text('{"pid": 1}')
    assert read_records(tmp_path) == []


def printed_at_niceness_3(folder: Path, code: str) -> str:
    """What a program prints that was started with niceness 3."""
    log = folder / "log"
    child = spawn(
        "child",
        [sys.executable, "-c", f"import os; print({code})"],
        environment=dict(os.environ),
        log=log,
        launcher_options=["--niceness", "3"],
    )
    assert wait_for(lambda: child.exit_code() == 0), log.read_text()
    return log.read_text().strip()


def test_a_program_stands_back_as_it_was_asked_to(tmp_path: Path) -> None:
    assert int(printed_at_niceness_3(tmp_path, "os.nice(0)")) == os.nice(0) + 3


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this system does not share its cores out by session")
def test_a_program_stands_back_for_those_of_other_sessions(tmp_path: Path) -> None:
    found = printed_at_niceness_3(tmp_path, f"open({str(AUTOGROUP)!r}).read()")
    assert found.split()[1:] == ["nice", "3"]


def test_stop_kills_what_ignores_its_signals(tmp_path: Path) -> None:
    log = tmp_path / "stubborn.log"
    child = spawn("stubborn", STUBBORN, environment=dict(os.environ), log=log)
    assert wait_for(lambda: "ready" in log.read_text())
    stop(child.record, StopSteps(((signal.SIGTERM, 0.3),)), child.process)
    assert child.exit_code() == -signal.SIGKILL


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death"
)
@pytest.mark.parametrize("death_signal", ["signal.SIGTERM", "None"])
def test_a_child_dies_with_a_killed_parent_unless_it_may_outlive_it(
    tmp_path: Path, death_signal: str
) -> None:
    program = PARENT.format(death_signal=death_signal)
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    # The line in the log proves that the launcher has done its work.
    assert wait_for(lambda: (tmp_path / "child.json").exists() and "1" in (tmp_path / "log").read_text())
    record = read_record(tmp_path, "child")
    assert record is not None
    assert record.alive()
    parent.kill()
    parent.wait()
    survives = death_signal == "None"
    try:
        assert wait_for(lambda: not record.alive(), seconds=1.0 if survives else 10.0) is not survives
    finally:
        stop(record)
    assert not record.alive()
