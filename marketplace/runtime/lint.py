"""`lint`: what a change must pass before anything runs, its steps beside each other on the machine's cores."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from marketplace.runtime.commands import environment_for, using
from marketplace.runtime.layout import PROJECT, VAR
from marketplace.runtime.processes import Child, spawn
from marketplace.runtime.servers import test_servers
from marketplace.runtime.supervisor import say

POLL_SECONDS = 0.05

# What each step passes to Python; the longest first, so that the others run beside it.
STEPS = {
    "types": ["-m", "mypy"],
    "dead code": ["-m", "tests.tidy.dead_code"],
    "migrations": [str(PROJECT / "manage.py"), "makemigrations", "--check", "--dry-run"],
    "import floors": [
        "-c",
        "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
        "--no-logo",
        "--cache-dir",
        str(VAR / "cache" / "import_linter"),
    ],
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
}


@dataclass
class Running:
    """A step under way: its process, its output and the moment of its start (monotonic seconds)."""

    child: Child
    log: Path
    began: float


def lint() -> int:
    """Run every step and print the output of each as it ends; return 1 if one failed, else 0."""
    with using(test_servers(), "make lint") as supervisor:
        environment = environment_for(supervisor.servers, "test", owner=True)
        failed = run_steps(STEPS, environment, VAR / "log" / "lint", supervisor.tend)
    say(f"lint: {', '.join(failed)} failed" if failed else "lint: all is well")
    return 1 if failed else 0


def run_steps(
    steps: Mapping[str, list[str]], environment: dict[str, str], logs: Path, meanwhile: Callable[[], None]
) -> list[str]:
    """Run Python with the arguments of each step, as many at once as there are cores; return the steps that failed.

    ``meanwhile`` is called again and again while they run. A step's output is kept in ``logs``. Steps that still run
    when an exception comes are stopped.
    """
    waiting, running, failed = list(steps), dict[str, Running](), list[str]()
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                name = waiting.pop(0)
                running[name] = begin(name, steps[name], environment, logs)
            for name in [name for name, step in running.items() if step.child.exit_code() is not None]:
                step = running.pop(name)
                say(f"lint: {name} ({time.monotonic() - step.began:.1f} s)")
                print(step.log.read_text(encoding="utf-8", errors="replace"), end="", flush=True)
                if step.child.exit_code() != 0:
                    failed.append(name)
            meanwhile()
            time.sleep(POLL_SECONDS)
    finally:
        for step in running.values():
            step.child.stop()
    return sorted(failed, key=list(steps).index)


def begin(name: str, arguments: list[str], environment: dict[str, str], logs: Path) -> Running:
    """Start one step, with a new log."""
    log = logs / f"{name.replace(' ', '-')}.log"
    log.unlink(missing_ok=True)
    child = spawn(name, [sys.executable, *arguments], environment=environment, log=log)
    return Running(child, log, time.monotonic())
