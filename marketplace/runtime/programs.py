"""The market's processes on one machine: web, downloads, workers and beat, each started again when it dies."""

import os
import shutil
import signal
import sys
from dataclasses import dataclass
from socket import socket

from marketplace.runtime.commands import environment_for
from marketplace.runtime.layout import VAR
from marketplace.runtime.ports import free_port
from marketplace.runtime.processes import Child, StopSteps, spawn
from marketplace.runtime.supervisor import Service, Supervisor

# They share one listening socket.
WEB_PROCESSES = ("web", "web-2")
CELERY = [sys.executable, "-m", "celery", "-A", "marketplace"]

# Running tasks may end, then are broken off: every task stands being run again.
STOP_STEPS = StopSteps(((signal.SIGTERM, 4.0), (signal.SIGQUIT, 3.0)))


@dataclass(frozen=True)
class Worker:
    """A worker: its name, the queues that it serves, and how many tasks it runs at once.

    ``niceness``: how far it stands back for processes that people and events wait for.
    """

    name: str
    queues: tuple[str, ...]
    processes: int
    niceness: int = 0


# Few, as one machine has few cores. What takes a minute, what strangers sent and servers that are not ours have workers
# apart from the pipe's, so that they can hold up none of its processes.
WORKERS = (
    Worker("worker-pipe", ("events",), processes=2),
    Worker("worker-market", ("default", "clearing"), processes=2),
    Worker("worker-files", ("files", "documents"), processes=1, niceness=10),
    Worker("worker-mail", ("mail",), processes=1, niceness=5),
    Worker("worker-webhooks", ("webhooks",), processes=1, niceness=5),
)


def serving_program(plane: str, listener: socket) -> list[str]:
    """Return the command line of a process that answers HTTP on the inherited socket: ``web`` or ``downloads``."""
    return [sys.executable, "-m", "marketplace.serving", plane, "--descriptor", str(listener.fileno())]


def worker_program(worker: Worker) -> list[str]:
    """Return the command line of a worker."""
    program = [*CELERY, "worker", "--queues", ",".join(worker.queues), "--concurrency", str(worker.processes)]
    program += ["--hostname", f"{worker.name}@sanpo", "--loglevel", "INFO"]
    program += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return program


def beat_program() -> list[str]:
    """Return the command line of beat, which starts the sweeps."""
    folder = VAR / "beat"
    folder.mkdir(exist_ok=True)
    return [*CELERY, "beat", "--schedule", str(folder / "schedule"), "--pidfile=", "--loglevel", "INFO"]


def start_programs(supervisor: Supervisor, *, web: socket, downloads: socket) -> None:
    """Start the processes that answer HTTP on their sockets, the workers and beat."""
    for name in WEB_PROCESSES:
        start_program(supervisor, name, serving_program("web", web), listener=web)
    start_program(supervisor, "downloads", serving_program("downloads", downloads), listener=downloads)
    for worker in WORKERS:
        # SIGQUIT is Celery's quick stop.
        start_program(
            supervisor,
            worker.name,
            worker_program(worker),
            death_signal=signal.SIGQUIT,
            niceness=worker.niceness,
        )
    start_program(supervisor, "beat", beat_program())


def monitoring_of(name: str) -> dict[str, str]:
    """Return what a process needs to be seen: its name, the folder of its counters, and a port for probes.

    Processes of one kind (``web``, ``web-2``) share a folder, so their counters add up; folders of earlier runs go.
    What answers HTTP shows its probes on its own port.
    """
    kind = name.removesuffix("-2")
    run = VAR / "metrics" / str(os.getpid())
    for folder in run.parent.glob("*"):
        if folder != run:
            shutil.rmtree(folder, ignore_errors=True)
    environment = {"PROCESS_NAME": kind, "PROMETHEUS_MULTIPROC_DIR": str(run / kind)}
    if kind.startswith(("worker", "beat")):
        environment["MONITOR_PORT"] = str(free_port())
    return environment


def start_program(
    supervisor: Supervisor,
    name: str,
    program: list[str],
    *,
    listener: socket | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    niceness: int = 0,
) -> None:
    """Start one process of the market, logging under its name.

    It inherits ``listener``, which stays open as long as the process may be started again.
    """
    servers = supervisor.servers
    log = servers.logs / f"{name}.log"
    if log.exists():
        # The log of this run alone, and the one before it.
        log.replace(log.with_suffix(".log.1"))
    environment = environment_for(servers, "embedded") | monitoring_of(name)

    def begin() -> Child:
        return spawn(
            name,
            program,
            environment=environment,
            log=log,
            launcher_options=["--niceness", str(niceness)],
            inherited=[listener.fileno()] if listener else [],
            death_signal=death_signal,
            stop_steps=STOP_STEPS,
        )

    supervisor.start(Service(name, log, begin, essential=False))
