"""The long campaign: hundreds of seeded faults, after each of which the day comes out the same.

``FAULTS_SEED`` gives another campaign. A fault is repeated by its number: ``make faults ARGS="tests/faults -k 042"``.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.faults import Fault, carry_out
from tests.faults.plan import Plan
from tests.faults.tally import TALLY

SEED = int(os.environ.get("FAULTS_SEED", "1"))
FAULTS = Plan(SEED).everything()
FAULTS_MIN = 500


@pytest.mark.campaign
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_the_day_survives(fault: Fault, ground):
    TALLY.seed = SEED
    verdict = carry_out(fault, ground)
    TALLY.add(fault, verdict)
    assert verdict.happened
    assert list(verdict.struck[:1]) == [(strike.step, strike.position) for strike in fault.strikes[:1]]


@pytest.mark.campaign
def test_every_kill_point_was_hit():
    assert TALLY.missed() == []


def test_the_campaign_is_long():
    assert len(FAULTS) >= FAULTS_MIN
