"""What dies is started again, what keeps dying ends the command, and nothing is left behind."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from marketplace.runtime.errors import ServerFailure
from marketplace.runtime.processes import Child, StopSteps, read_records, spawn
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


def test_a_program_that_keeps_dying_while_serving_takes_no_other_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").mkdir()
    with a_supervisor(tmp_path) as supervisor:
        supervisor.start(a_service(tmp_path, "web", "import time; time.sleep(60)"))
        dying = a_service(tmp_path, "worker", COUNT_STARTS + "print('no such table'); sys.exit(3)")
        dying.essential = False
        supervisor.start(dying)
        web = supervisor.children["web"].record
        deadline = time.monotonic() + 30
        while len(dying.deaths) <= RESTARTS_MAX and time.monotonic() < deadline:
            supervisor.tend(serving=True)
            time.sleep(0.02)
        supervisor.tend(serving=True)
        assert (tmp_path / "starts").read_text() == "x" * (RESTARTS_MAX + 1)
        assert supervisor.children["web"].record == web
        assert web.alive()
        # It starts again later, and not at once.
        assert dying.due is not None
        assert dying.due > time.monotonic() + 10
    assert capsys.readouterr().out.splitlines()[-1] == (
        "sanpo: worker keeps dying (exit status 3: no such table); "
        f"its log is {tmp_path}/log/worker.log; trying again in 30 seconds"
    )
    assert read_records(tmp_path / "run") == []


def test_programs_are_stopped_beside_each_other(tmp_path: Path) -> None:
    deaf = "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    deaf += "pathlib.Path(sys.argv[1], 'deaf').touch(); time.sleep(60)"
    supervisor = a_supervisor(tmp_path)
    for name in ("one", "two", "three", "four"):
        (tmp_path / name).mkdir()
        supervisor.start(a_service(tmp_path / name, name, deaf))
        supervisor.children[name].stop_steps = StopSteps(((signal.SIGTERM, 2.0),))
    supervisor.wait_until(
        lambda: all((tmp_path / name / "deaf").exists() for name in supervisor.children), "no start"
    )
    began = time.monotonic()
    supervisor.stop()
    assert 2.0 < time.monotonic() - began < 5.0
    assert supervisor.children == {}


def test_run_returns_the_exit_status_of_the_program(tmp_path: Path) -> None:
    with a_supervisor(tmp_path) as supervisor:
        environment = dict(os.environ)
        assert supervisor.run("good", [sys.executable, "-c", ""], environment) == 0
        assert supervisor.run("bad", [sys.executable, "-c", "raise SystemExit(7)"], environment) == 7
        killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
        assert supervisor.run("killed", killed, environment, terminal=False) == 137
