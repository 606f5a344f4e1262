"""PostgreSQL is restarted without warning in the middle of the day; what it committed is there, and the day goes on."""

from __future__ import annotations

import pytest

from tests.faults.faults import Fault, carry_out
from tests.faults.plan import Plan
from tests.faults.tally import TALLY

SEED = 7


@pytest.mark.parametrize("fault", Plan(SEED).restarts(1), ids=str)
def test_the_day_survives_a_restart(fault: Fault, own_ground):
    carry_out(fault, own_ground)


@pytest.mark.campaign
@pytest.mark.parametrize("fault", Plan(SEED + 1).restarts(12), ids=str)
def test_the_day_survives_many_restarts(fault: Fault, own_ground):
    TALLY.add(fault, carry_out(fault, own_ground))
