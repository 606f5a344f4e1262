"""Keeps a command's processes alive while it works, and stops every one of them when it ends."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from marketplace.runtime.errors import ServerFailure, StopRequested
from marketplace.runtime.postgres import last_line
from marketplace.runtime.processes import Child, spawn
from marketplace.runtime.servers import ServerSet

RESTARTS_MAX = 5
RESTART_WINDOW_SECONDS = 60.0
RESTART_WAIT_SECONDS_MAX = 30.0
POLL_SECONDS = 0.2
PATIENCE_SECONDS = 5.0
STOP_SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def say(text: str) -> None:
    """Tell the person at the terminal one line."""
    print(f"sanpo: {text}", flush=True)


def describe(code: int) -> str:
    """Say how a process ended, from its exit code."""
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


@contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Turn the first stop signal into StopRequested; let later ones pass while things are being stopped."""

    def first(number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested(number)

    # Under nohup the terminal's end is to be ignored, and stays so.
    heeded = [
        each for each in STOP_SIGNALS if (each, signal.getsignal(each)) != (signal.SIGHUP, signal.SIG_IGN)
    ]
    before = {each: signal.signal(each, first) for each in heeded}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@dataclass
class Service:
    """A process that is started again when it dies: its name, its log and how it is started.

    Without an `essential` one the command ends; the others live on without one that is not.
    """

    name: str
    log: Path
    begin: Callable[[], Child]
    essential: bool = True
    deaths: list[float] = field(default_factory=list)
    due: float | None = None


@dataclass
class Supervisor:
    """The processes of one command, over one set of servers; used as a context, it stops them all."""

    servers: ServerSet
    services: dict[str, Service] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    foreground: Child | None = None

    def __enter__(self) -> "Supervisor":
        return self

    def __exit__(self, kind: object, reason: BaseException | None, trace: object) -> None:
        self.stop(patient=isinstance(reason, StopRequested) and reason.signal_number == signal.SIGINT)

    def start_servers(self) -> None:
        """Start the set's servers and watch those that are ours."""
        self.servers.start()
        for child in list(self.servers.children):
            name = child.record.name
            self.children[name] = child
            self.services[name] = Service(name, self.servers.logs / f"{name}.log", self.restarter(name))

    def restarter(self, name: str) -> Callable[[], Child]:
        """Return what starts a server of the set again."""
        return lambda: self.servers.restart(name)

    def start(self, service: Service) -> None:
        """Start a service and watch it from now on."""
        self.services[service.name] = service
        self.begin(service)

    def begin(self, service: Service) -> None:
        """Start a service's process, and write it down for a later command to find."""
        child = service.begin()
        self.children[service.name] = child
        child.record.write(self.servers.records)

    def tend(self, *, serving: bool = False) -> None:
        """Start again what has died.

        Raises ServerFailure for what keeps dying; but while `serving` only for what is essential, and tries the others
        again ever more rarely.
        """
        now = time.monotonic()
        for service in self.services.values():
            if service.due is not None:
                if now >= service.due:
                    service.due = None
                    self.begin(service)
                continue
            code = self.children[service.name].exit_code()
            if code is not None:
                self.note_death(service, code, now, may_fail=serving and not service.essential)

    def note_death(self, service: Service, code: int, now: float, *, may_fail: bool) -> None:
        """Say that a service died, and when it is due to start again; raise ServerFailure unless it `may_fail` for good."""
        recent = [moment for moment in service.deaths if now - moment < RESTART_WINDOW_SECONDS]
        service.deaths = [*recent, now]
        if len(service.deaths) <= RESTARTS_MAX:
            say(f"{service.name} died ({describe(code)}); starting it again")
            service.due = now + 0.5 * len(recent)
            return
        reason = f"{service.name} keeps dying ({describe(code)}: {last_line(service.log)}); its log is {service.log}"
        if not may_fail:
            raise ServerFailure(reason)
        say(f"{reason}; trying again in {RESTART_WAIT_SECONDS_MAX:.0f} seconds")
        service.due = now + RESTART_WAIT_SECONDS_MAX

    def run(
        self, name: str, program: Sequence[str], environment: dict[str, str], *, terminal: bool = True
    ) -> int:
        """Run a program to its end, tending the services meanwhile, and return its exit status.

        With `terminal` it may read the terminal, and hears Ctrl-C itself.
        """
        self.foreground = spawn(name, program, environment=environment, log=None, foreground=terminal)
        while (code := self.foreground.exit_code()) is None:
            self.tend()
            time.sleep(POLL_SECONDS / 4)
        self.foreground = None
        return code if code >= 0 else 128 - code

    def serve(self) -> None:
        """Tend the services until a stop signal comes."""
        while True:
            self.tend(serving=True)
            time.sleep(POLL_SECONDS)

    def wait_until(self, ready: Callable[[], bool], what: str, patience_seconds: float = 60.0) -> None:
        """Tend the services until `ready`; raise ServerFailure when it takes too long."""
        deadline = time.monotonic() + patience_seconds
        while not ready():
            if time.monotonic() > deadline:
                raise ServerFailure(f"{what} within {patience_seconds:.0f} seconds; see {self.servers.logs}")
            self.tend()
            time.sleep(POLL_SECONDS)

    def stop_foreground(self, *, patient: bool = False) -> None:
        """Stop the foreground program, if any; `patient` lets it end by the Ctrl-C that it heard too."""
        if self.foreground is not None:
            deadline = time.monotonic() + (PATIENCE_SECONDS if patient else 0.0)
            while self.foreground.exit_code() is None and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
            self.foreground.stop()

    def stop(self, *, patient: bool = False) -> None:
        """Stop the foreground program, then the services beside each other, then the servers."""
        self.stop_foreground(patient=patient)
        servers = {child.record.name for child in self.servers.children}
        programs = [child for name, child in self.children.items() if name not in servers]
        if programs:
            # All at once: together they take as long as the slowest.
            with ThreadPoolExecutor(max_workers=len(programs)) as pool:
                list(pool.map(Child.stop, programs))
        for child in programs:
            child.record.forget(self.servers.records)
        self.servers.stop()
        self.children.clear()
        self.services.clear()


def fail(line: str) -> None:
    """Tell the person at the terminal one line of refusal, on standard error."""
    print(f"sanpo: {line}", file=sys.stderr, flush=True)
