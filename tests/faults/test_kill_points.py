"""A worker killed at any step leaves the same day; this is the part of the campaign that every run of tests takes."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults.faults import Fault, carry_out
from tests.faults.kill_points import BY_CHANCE, POINTS, STEPS
from tests.faults.plan import Plan

SEED = 1


def test_the_list_names_every_step_that_the_day_takes(ground):
    passed = sum(ground.passed.values(), Counter())
    certain = {(step, position) for step, position in passed if step not in BY_CHANCE}
    assert {(point.step, point.position) for point in POINTS} == certain
    for step, (checkpoint, times) in STEPS.items():
        assert ground.passed[checkpoint][step, "after"] >= times, step


@pytest.mark.parametrize("fault", Plan(SEED).smaller(), ids=str)
def test_the_day_survives(fault: Fault, ground):
    verdict = carry_out(fault, ground)
    assert verdict.happened
    assert list(verdict.struck[:1]) == [(strike.step, strike.position) for strike in fault.strikes[:1]]
