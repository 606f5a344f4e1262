"""CPU time of the processes that a benchmark runs, by their names: what each took of the machine's cores."""

from __future__ import annotations

from collections.abc import Mapping

import psutil

from bench._databases import FOLDER, superuser
from marketplace.runtime.facts import read_facts


def cpu_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """Seconds of CPU that each process (name → identifier) has taken with its children, ended ones too."""
    return {name: _seconds_of(psutil.Process(pid)) for name, pid in processes.items()}


def _seconds_of(root: psutil.Process) -> float:
    seconds = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def servers() -> dict[str, int]:
    """The embedded PostgreSQL's process, by name; empty on a server of one's own, which may be another machine's."""
    if read_facts(FOLDER) is None:
        return {}
    with superuser("postgres") as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        parent = psutil.Process(int(str(row[0]))).parent()
    return {"postgresql": parent.pid} if parent else {}
