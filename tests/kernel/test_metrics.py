"""Gauges are declared once, under a name that says the application, the thing and the unit."""

from __future__ import annotations

import pytest

from marketplace.kernel.metrics import GAUGES, Gauge, by_number, by_rows


@pytest.fixture(autouse=True)
def _register_restored():
    before = dict(GAUGES)
    yield
    GAUGES.clear()
    GAUGES.update(before)


def declare(name: str = "trial_things_seconds", reading: object = 1) -> Gauge:
    return Gauge(name=name, description="A trial.", read=lambda: reading)


def test_a_gauge_enters_the_register_under_its_name():
    gauge = declare()
    assert GAUGES["trial_things_seconds"] is gauge
    assert gauge.metric == "sanpo_trial_things_seconds"


@pytest.mark.parametrize("name", ["things", "Trial_things", "sanpo_trial_things", "trial-things"])
def test_a_malformed_name_is_refused(name):
    before = dict(GAUGES)
    with pytest.raises(ValueError, match="not of the form"):
        declare(name)
    assert before == GAUGES


def test_a_name_is_taken_once():
    first = declare()
    with pytest.raises(ValueError, match="declared twice"):
        declare()
    assert GAUGES["trial_things_seconds"] is first


@pytest.mark.parametrize(
    ("reading", "samples"),
    [(3, {(): 3.0}), (None, {}), ({("a", "b"): 2}, {("a", "b"): 2.0}), ({}, {})],
)
def test_a_reading_becomes_samples(reading, samples):
    assert declare(reading=reading).samples() == samples


def test_a_reading_by_sql_is_a_number_or_rows(db):
    assert by_number("SELECT 2.5")() == 2.5
    assert by_number("SELECT 1 WHERE false")() is None
    assert by_number("SELECT NULL::bigint")() is None
    assert by_rows("SELECT 'a', 1 UNION ALL SELECT 'b', 2")() == {("a",): 1.0, ("b",): 2.0}
