"""Child processes: started through the launcher, known again after a crash, stopped for certain.

A process is known by its pid together with the moment it started, so that a pid that the system has given
to somebody else is never mistaken for ours.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from marketplace.runtime.layout import PROJECT, write_private

LAUNCHER = Path(__file__).with_name("launcher.py")
POLL_SECONDS = 0.05


def launcher_command(options: Sequence[str], program: Sequence[str]) -> list[str]:
    """Return the command line that runs `program` through the launcher."""
    return [sys.executable, "-I", "-S", str(LAUNCHER), *options, "--", *program]


def birth(pid: int) -> str | None:
    """Return a text that no other process of this pid shares, or None when none lives.

    A zombie counts as dead: it holds no port, no lock and no memory.
    """
    if not sys.platform.startswith("linux"):
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True)
        return found.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        state, started = fields.split()[0], fields.split()[19]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else f"{boot}/{started}"


def command_line(pid: int) -> str:
    """Return the process's arguments joined by spaces; empty when it is gone."""
    if not sys.platform.startswith("linux"):
        return subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
        ).stdout.strip()
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@dataclass(frozen=True)
class ProcessRecord:
    """What is written down about a child, to know it again: its name, pid and birth."""

    name: str
    pid: int
    born: str

    def alive(self) -> bool:
        """Tell whether this very process still runs."""
        return birth(self.pid) == self.born

    def write(self, folder: Path) -> None:
        """Write it into the folder as `<name>.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        write_private(folder / f"{self.name}.json", json.dumps(asdict(self)))

    def forget(self, folder: Path) -> None:
        """Remove what `write` wrote."""
        (folder / f"{self.name}.json").unlink(missing_ok=True)


def read_record(folder: Path, name: str) -> ProcessRecord | None:
    """Return the record of that name, or None when there is none or it cannot be read."""
    try:
        found = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return ProcessRecord(name=name, pid=int(found["pid"]), born=str(found["born"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def read_records(folder: Path) -> list[ProcessRecord]:
    """Return every record in the folder, in the order of their names."""
    names = sorted(path.stem for path in folder.glob("*.json"))
    return [record for name in names if (record := read_record(folder, name))]


@dataclass(frozen=True)
class StopSteps:
    """The signals that stop a process, each with the seconds it is given; SIGKILL follows the last."""

    steps: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 10.0),)


@dataclass
class Child:
    """A started child: its record, its handle, and how it is stopped."""

    record: ProcessRecord
    process: subprocess.Popen[bytes]
    stop_steps: StopSteps = field(default_factory=StopSteps)

    def exit_code(self) -> int | None:
        """Return its exit code (negative: the signal that ended it), or None while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """Stop it and whatever it left in its process group."""
        stop(self.record, self.stop_steps, self.process)


def spawn(
    name: str,
    program: Sequence[str],
    *,
    environment: dict[str, str],
    log: Path | None,
    launcher_options: Sequence[str] = (),
    death_signal: signal.Signals | None = signal.SIGTERM,
    stop_steps: StopSteps | None = None,
    foreground: bool = False,
    inherited: Sequence[int] = (),
) -> Child:
    """Start a program from the project's folder and return it.

    With a `log` its output is appended there; without, it shares ours. A foreground program stays in our
    process group, to have the terminal; any other reads nothing and leads a group of its own. `death_signal`
    is what the kernel sends it when we die; None lets it outlive us.
    """
    options = [*launcher_options]
    if death_signal is not None:
        options += ["--death-signal", str(int(death_signal)), "--parent", str(os.getpid())]
    with contextlib.ExitStack() as stack:
        output = None
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            output = stack.enter_context(open(log, "ab"))
        process = subprocess.Popen(
            launcher_command(options, program),
            cwd=PROJECT,
            env=environment,
            stdin=None if foreground else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            start_new_session=not foreground,
            pass_fds=tuple(inherited),
        )
    record = ProcessRecord(name=name, pid=process.pid, born=birth(process.pid) or "gone")
    return Child(record=record, process=process, stop_steps=stop_steps or StopSteps())


def stop(
    record: ProcessRecord, stop_steps: StopSteps | None = None, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Stop the recorded process with the signals in turn, then kill what is left of its group.

    Returns once it is gone; does nothing to a process that merely has its pid.
    """
    steps = (stop_steps or StopSteps()).steps
    for signal_number, patience_seconds in (*steps, (signal.SIGKILL, 10.0)):
        if not record.alive():
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, signal_number)
        deadline = time.monotonic() + patience_seconds
        while record.alive() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if process is not None:
        # Before the leader is reaped its pid, and so its group's number, cannot be given to anyone else.
        if os.getpgid(0) != record.pid and process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(record.pid, signal.SIGKILL)
        process.wait()
