"""Of several endings one stands: an earlier last day takes the place of a later one; and what was lost until then comes back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts import services
from contracts.ending.consequences import refund_after_loss
from contracts.errors import EndingOpen
from contracts.models import Adjustment, Agreement
from marketplace.kernel import clock
from marketplace.notices.models import Notice
from tests.roles import unguarded

from .. import factories
from ..raw import copied, run
from ..raw import refused as refused_by_database
from ..refusals import refused
from ..test_invariants import breaches
from .test_endings import CONCLUDED, YEAR, end, reread


@pytest.fixture
def year(market) -> Agreement:
    """An agreement for the year from 2027-04-01, which 30 days of notice end."""
    clock.move_to(CONCLUDED, running=False)
    return factories.agreement(market, **YEAR)


def test_an_earlier_end_by_either_party_takes_the_place_of_a_later_one(market, year):
    distant = end(market, year, "seller", ground="convenience", last_day=date(2028, 3, 30))
    with refused(EndingOpen, ending=distant.public_id):
        end(market, year, ground="convenience", last_day=date(2028, 3, 30))
    near = end(market, year, ground="convenience", last_day=date(2027, 5, 31))
    assert (reread(distant).state, near.state) == ("dropped", "scheduled")
    told = Notice.objects.filter(subject=distant.public_id).values_list("organisation_id", flat=True)
    assert sorted(told) == sorted([year.buyer_id, year.seller_id] * 2)
    factories.check_deferred()
    assert breaches("ended_as_shown") == 0
    clock.move_to(near.access_until, running=False)
    assert services.carry_out_endings() == 1
    assert Adjustment.objects.get().amount_minor == near.refund_minor


def test_a_proposal_stands_beside_a_notice_and_blocks_none(market, year):
    proposal = end(market, year, last_day=date(2027, 5, 1))
    with refused(EndingOpen, ending=proposal.public_id):
        end(market, year, "seller", last_day=date(2027, 4, 30))
    notice = end(market, year, "seller", ground="convenience", last_day=date(2027, 5, 31))
    assert (reread(proposal).state, notice.state) == ("proposed", "scheduled")
    accepted = services.accept_ending(actor=market.seller, ending=proposal.public_id, digest=proposal.digest)
    assert (accepted.state, reread(notice).state) == ("scheduled", "dropped")
    factories.check_deferred()
    assert breaches("ended_as_shown") == 0


def test_what_both_agree_on_does_not_end_it_later_than_a_notice(market, year):
    proposal = end(market, year)
    notice = end(market, year, "seller", ground="convenience", last_day=date(2027, 5, 31))
    with refused(EndingOpen, ending=notice.public_id):
        services.accept_ending(actor=market.seller, ending=proposal.public_id, digest=proposal.digest)
    assert (reread(proposal).state, reread(notice).state) == ("proposed", "scheduled")


def test_the_database_drops_what_is_scheduled_only_for_another(market, year):
    end(market, year, ground="convenience")
    statement = "UPDATE contracts_ending SET state = 'dropped', closed_at = public.business_now()"
    refused_by_database("dropped only for another", statement)
    with unguarded("contracts_ending"):
        run(statement)
    assert breaches("ended_as_shown") == 1


def test_the_database_keeps_one_proposed_and_one_scheduled(market, year):
    for ending in (end(market, year), end(market, year, ground="convenience")):
        statement, values = copied("contracts_ending", ending.pk, public_id="end_raw")
        refused_by_database("ending_one_|ends_lawfully|today or later", statement, *values)


def test_days_that_were_lost_after_the_notice_come_back_too():
    shown = {"refund": "pro_rata", "period": {"days": 30, "unused_days": 10}}
    money = {"refund_minor": 10_000, "kept_minor": 20_000}
    for lost, amount in ((0, 10_000), (0.9, 10_000), (5, 15_000), (20, 30_000), (90, 30_000)):
        assert refund_after_loss({**shown, **money}, timedelta(days=lost)) == amount
    none = {"refund": "none", "period": shown["period"], "refund_minor": 0, "kept_minor": 30_000}
    assert refund_after_loss(none, timedelta(days=5)) == 0
    assert refund_after_loss({**shown, "period": None, "refund_minor": 0, "kept_minor": 1}, timedelta(5)) == 0
