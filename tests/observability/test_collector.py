"""Gauges are read within limits of time, and one that fails hides no other."""

from __future__ import annotations

import time

import pytest

from marketplace.kernel.metrics import GAUGES, Gauge, by_number
from marketplace.observability import collector
from marketplace.observability.collector import read_gauges


@pytest.fixture
def gauges():
    """A register of our own."""
    before = dict(GAUGES)
    GAUGES.clear()
    yield GAUGES
    GAUGES.clear()
    GAUGES.update(before)


def declare(name: str, sql: str) -> Gauge:
    return Gauge(name=f"trial_{name}_rows", description="A trial.", read=by_number(sql))


def read(gauges: dict[str, Gauge]) -> dict[str, dict[tuple[str, ...], float]]:
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in read_gauges(list(gauges.values()))
    }


def test_one_failing_gauge_does_not_hide_the_others(db, gauges, caplog):
    declare("first", "SELECT 1")
    declare("broken", "SELECT 1 FROM no_such_table")
    declare("last", "SELECT 3")
    assert read(gauges) == {
        "sanpo_trial_first_rows": {(): 1.0},
        "sanpo_trial_last_rows": {(): 3.0},
        "sanpo_gauge_failed": {
            ("sanpo_trial_first_rows",): 0.0,
            ("sanpo_trial_broken_rows",): 1.0,
            ("sanpo_trial_last_rows",): 0.0,
        },
    }
    assert "gauge trial_broken_rows could not be read" in caplog.text


def test_a_slow_gauge_is_ended_after_its_time(db, gauges):
    declare("slow", "SELECT 1 FROM pg_sleep(30)")
    declare("last", "SELECT 3")
    began = time.monotonic()
    found = read(gauges)
    assert time.monotonic() - began < 5
    assert found["sanpo_gauge_failed"] == {("sanpo_trial_slow_rows",): 1.0, ("sanpo_trial_last_rows",): 0.0}


def test_what_the_time_does_not_suffice_for_counts_as_failed(db, gauges, monkeypatch):
    monkeypatch.setattr(collector, "COLLECTION_SECONDS_MAX", 0.0)
    declare("late", "SELECT 1")
    assert read(gauges) == {"sanpo_gauge_failed": {("sanpo_trial_late_rows",): 1.0}}


def test_a_gauge_with_a_mistake_in_it_hides_no_other(db, gauges):
    def read_wrongly():
        raise TypeError("a mistake")

    Gauge(name="trial_mistaken_rows", description="A trial.", read=read_wrongly)
    declare("last", "SELECT 3")
    found = read(gauges)
    assert found["sanpo_trial_last_rows"] == {(): 3.0}
    assert found["sanpo_gauge_failed"][("sanpo_trial_mistaken_rows",)] == 1.0
