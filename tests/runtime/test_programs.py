"""What each process of the market on one machine is told so that it can be seen."""

from __future__ import annotations

import os

from marketplace.runtime.layout import VAR
from marketplace.runtime.programs import monitoring_of


def test_processes_of_one_kind_share_the_folder_of_their_counters():
    first, second = monitoring_of("web"), monitoring_of("web-2")
    assert first == second
    assert first == {
        "PROCESS_NAME": "web",
        "PROMETHEUS_MULTIPROC_DIR": str(VAR / "metrics" / str(os.getpid()) / "web"),
    }


def test_what_serves_nobody_has_a_port_for_probes():
    worker, beat = monitoring_of("worker-mail"), monitoring_of("beat")
    assert (worker["PROCESS_NAME"], beat["PROCESS_NAME"]) == ("worker-mail", "beat")
    assert worker["MONITOR_PORT"] != beat["MONITOR_PORT"]


def test_counters_of_earlier_runs_are_removed_and_those_of_this_one_stay():
    earlier, present = VAR / "metrics" / "0" / "web", VAR / "metrics" / str(os.getpid()) / "beat"
    for folder in (earlier, present):
        folder.mkdir(parents=True, exist_ok=True)
    monitoring_of("beat")
    assert (earlier.parent.exists(), present.exists()) == (False, True)
