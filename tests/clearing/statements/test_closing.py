"""Two people close a month, as both saw its books."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from clearing.models import LedgerPeriod
from clearing.statements.closing import close_ledger_period
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.kernel import clock
from marketplace.kernel.errors import Forbidden
from tests.participants.factories import actor_for
from tests.standing import made_once

from .. import factories
from ..raw import refused
from ..test_invariants import broken, changed_behind_the_guards

NOVEMBER = date(2037, 11, 1)


@made_once
def november(market):
    """Money came in during November; it is December."""
    clock.move_to(datetime(2037, 11, 30, 14, tzinfo=UTC), running=False)
    factories.pay_in(market, "buyer", 5_000)
    clock.move_to(datetime(2037, 12, 2, 3, tzinfo=UTC), running=False)
    return market


def test_two_people_close_a_month(november):
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            close_ledger_period(actor=november.second, month=NOVEMBER)
    with pytest.raises(Forbidden):
        close_ledger_period(actor=november.program, month=NOVEMBER)
    assert LedgerPeriod.objects.count() == 0
    closed = close_ledger_period(actor=actor_for(november.operator, "usr_other"), month=NOVEMBER)
    approval = Approval.objects.get(public_id=closed.approval)
    assert (approval.ended_by, approval.payload["sha256"], broken()) == (closed.closed_by, closed.sha256, {})


def test_the_database_closes_no_month_of_one_person(november):
    with pytest.raises(SecondPersonNeeded):
        close_ledger_period(actor=november.actor, month=NOVEMBER)
    pending = Approval.objects.get(command="clearing.close_month")
    close = (
        "INSERT INTO clearing_ledgerperiod (public_id, month, entries, trial_balances, sha256, approval, closed_by, closed_at)"
        " VALUES ('per_raw', '2037-11-01', %s, '{}', %s, %s, 'usr_confirming', now())"
    )
    stated = (pending.payload["entries"], pending.payload["sha256"])
    for approval in ("", "apv_none", pending.public_id):
        refused(close, *stated, approval, because="are closed by no two people")
    pending.state, pending.ended_by, pending.ended_at = "approved", "usr_confirming", clock.now()
    pending.save()
    refused(close, 9, stated[1], pending.public_id, because="are closed by no two people")
    assert LedgerPeriod.objects.count() == 0


def test_a_month_that_one_person_closed_is_named(november):
    factories.by_two(november, close_ledger_period, month=NOVEMBER)
    assert broken() == {}
    changed_behind_the_guards("clearing_ledgerperiod", "UPDATE clearing_ledgerperiod SET closed_by = 'usr_x'")
    assert "clearing.months_closed_by_two" in broken()
