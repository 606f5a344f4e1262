"""What dies is started again, what keeps dying ends the command, and nothing is left behind."""

import os
import sys
from pathlib import Path

import pytest

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.processes import Child, read_records, spawn
from marketplace.runtime.servers import RealServers, ServerSet
from marketplace.runtime.supervisor import RESTARTS_MAX, Service, Supervisor


def a_service(folder: Path, name: str, code: str) -> Service:
    log = folder / "log" / f"{name}.log"

    def begin() -> Child:
        return spawn(name, [sys.executable, "-c", code, str(folder)], environment=dict(os.environ), log=log)

    return Service(name, log, begin)


def a_supervisor(folder: Path) -> Supervisor:
    return Supervisor(ServerSet(folder, real=RealServers()))


COUNT_STARTS = "import sys, pathlib; p = pathlib.Path(sys.argv[1], 'starts'); p.open('a').write('x')\n"


def test_a_service_that_dies_is_started_again(tmp_path: Path) -> None:
    code = COUNT_STARTS + "import time; time.sleep(60 if len(p.read_text()) > 1 else 0)"
    with a_supervisor(tmp_path) as supervisor:
        supervisor.start(a_service(tmp_path, "worker", code))
        starts = tmp_path / "starts"
        supervisor.wait_until(lambda: starts.exists() and starts.read_text() == "xx", "no second start")
        second = supervisor.children["worker"].record
        assert second.alive()
    assert not second.alive()
    assert read_records(tmp_path / "run") == []


def test_a_service_that_keeps_dying_ends_the_command_and_says_why(tmp_path: Path) -> None:
    code = COUNT_STARTS + "print('no such table'); sys.exit(3)"
    supervisor = a_supervisor(tmp_path)
    with pytest.raises(ServerFailure) as failure, supervisor:
        supervisor.start(a_service(tmp_path, "worker", code))
        supervisor.serve()
    assert str(failure.value) == (
        f"worker keeps dying (exit status 3: no such table); its log is {tmp_path}/log/worker.log"
    )
    assert (tmp_path / "starts").read_text() == "x" * (RESTARTS_MAX + 1)
    assert read_records(tmp_path / "run") == []


def test_run_returns_the_exit_status_of_the_program(tmp_path: Path) -> None:
    with a_supervisor(tmp_path) as supervisor:
        environment = dict(os.environ)
        assert supervisor.run("good", [sys.executable, "-c", ""], environment) == 0
        assert supervisor.run("bad", [sys.executable, "-c", "raise SystemExit(7)"], environment) == 7
        killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
        assert supervisor.run("killed", killed, environment, terminal=False) == 137
