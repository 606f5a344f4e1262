"""Two that negotiate again and again without agreement are noticed, once; nothing else follows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.events.schemas.contracts import NegotiationMoved
from marketplace.kernel import clock
from marketplace.kernel.errors import Forbidden
from marketplace.kernel.invariants import verify_all
from marketplace.oversight.handlers import on_negotiation_moved
from marketplace.oversight.reviews import detectors, queries, services
from marketplace.oversight.reviews.detectors import SeenEnd
from marketplace.oversight.reviews.models import Review, SeenNegotiation
from tests.notices.factories import handle
from tests.participants.factories import organisation

from .factories import broken_off_between, notices_of, open_tasks, refused, seen_between

pytestmark = pytest.mark.django_db


@pytest.fixture
def party(staffed):
    return organisation("甲", address="東京都港区1-1", representative="甲野 一郎")


@pytest.fixture
def counterparty(staffed):
    return organisation("乙", address="大阪府大阪市2-2", representative="乙山 二郎")


def holds() -> bool:
    return not [name for name, rows in verify_all("oversight").items() if rows]


def moved(buyer, seller, **changes) -> NegotiationMoved:
    """The event that a negotiation of two organisations ended."""
    stated = {"negotiation": "ngt_1", "listing": "lst_1", "state": "terminated", "by": "buyer"}
    parties = {"buyer": buyer.public_id, "seller": seller.public_id}
    return NegotiationMoved(**(stated | parties | changes), waits_for=None, respond_by=None)


def test_two_that_break_off_again_and_again_are_noticed_once(party, counterparty):
    broken_off_between(party, counterparty, 2)
    broken_off_between(counterparty, party, 2, by="system")
    assert Review.objects.count() == 0
    broken_off_between(party, counterparty, 3, by="seller")
    (review,) = Review.objects.all()
    assert (review.detector, review.facts["ended_by"], len(review.facts["negotiations"])) == (
        "broken_off",
        ["buyer", "seller", "system"],
        5,
    )
    assert sorted(review.parties) == sorted([party.public_id, counterparty.public_id])
    assert list(open_tasks("look_into").items()) == [(review.public_id, review.look_by)]
    assert (notices_of(party), party.state, holds()) == ([], "active", True)


def test_two_that_agree_meanwhile_or_break_off_slowly_are_not_noticed(party, counterparty):
    broken_off_between(party, counterparty, 4)
    seen_between(counterparty, party)
    broken_off_between(party, counterparty, 4)
    clock.move_to(clock.now() + timedelta(days=detectors.DAYS_BROKEN_OFF, seconds=1))
    broken_off_between(party, counterparty, 4)
    assert Review.objects.count() == 0
    broken_off_between(party, counterparty)
    assert Review.objects.count() == 1


def test_a_look_reads_a_bounded_number_of_negotiations(party, counterparty):
    since = clock.now()
    broken_off_between(party, counterparty, queries.ENDS_READ_MAX + 3)
    found = queries.ends_between(counterparty.public_id, party.public_id, since)
    assert (len(found), Review.objects.count()) == (queries.ENDS_READ_MAX, 1)


def test_a_negotiation_is_seen_once_by_its_event_and_only_when_a_party_or_time_ended_it(party, counterparty):
    for changes in (
        {},
        {},
        {"negotiation": "ngt_2", "by": "operator"},
        {"negotiation": "ngt_3", "state": "offered"},
    ):
        handle(on_negotiation_moved, moved(party, counterparty, **changes))
    assert list(SeenNegotiation.objects.values_list("negotiation", "by")) == [("ngt_1", "buyer")]


def test_nobody_but_the_market_sees_and_what_was_seen_stays(first, party, counterparty):
    seen = SeenEnd("ngt_1", party.public_id, counterparty.public_id, "buyer")
    with pytest.raises(Forbidden):
        services.see_broken_off(actor=first, seen=seen, ended_at=clock.now())
    assert SeenNegotiation.objects.count() == 0
    broken_off_between(party, counterparty)
    refused("UPDATE oversight_seennegotiation SET by = 'seller'", "append-only")
    refused("DELETE FROM oversight_seennegotiation", "append-only")
    refused(
        "INSERT INTO oversight_seennegotiation (negotiation, buyer, seller, by, ended_at)"
        " VALUES ('ngt_x', 'a', 'b', 'other', public.business_now())",
        "seen_ended_by",
    )


def test_an_ended_negotiation_is_bounded_in_cost(party, counterparty, django_assert_max_num_queries):
    broken_off_between(party, counterparty, 3)
    with django_assert_max_num_queries(12):
        broken_off_between(party, counterparty)
