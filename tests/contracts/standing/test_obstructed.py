"""What something overtakes ends, however much it is: some at once, the rest by a job in which no row holds back another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts import services
from contracts.errors import ObstructedStillOpen
from contracts.models import Negotiation
from contracts.services import obstructed
from contracts.services.obstructed import END_OBSTRUCTED, end_rest
from listings import services as listings
from marketplace.jobs.kinds import Work
from marketplace.jobs.models import Job
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.models import AsideRow
from marketplace.participants import services as participants
from marketplace.participants.models import Suspension
from tests.participants.factories import staff
from tests.poison import poisoned

from .. import factories
from ..ending.test_terminations import hear

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(obstructed, "AT_ONCE_MAX", 2)


@pytest.fixture
def market():
    return factories.market()


def opened(market, count: int) -> list[Negotiation]:
    return [factories.requested(market) for _ in range(count)]


def withdraw(market) -> None:
    listings.withdraw_listing(actor=market.seller, listing=market.listing, reason="漏えいのおそれ")
    hear("listing.withdrawn")


def states(rows) -> list[tuple[str, str]]:
    found = {row.pk: row for row in Negotiation.objects.filter(pk__in=[row.pk for row in rows])}
    return [(found[row.pk].state, found[row.pk].end_reason_code) for row in rows]


def work() -> tuple[Work, list[tuple[int, int]]]:
    """The job that waits, and what it reports of its progress."""
    job, reported = Job.objects.get(kind=END_OBSTRUCTED.name), []
    return Work(
        job.public_id, job.subject, job.arguments, 1, lambda done, total: reported.append((done, total))
    ), reported


def test_some_end_at_once_and_a_job_ends_the_rest(market):
    rows = opened(market, 5)
    withdraw(market)
    ended = ("terminated", "listing_withdrawn")
    assert states(rows) == [ended] * 2 + [("requested", "")] * 3
    attempt, reported = work()
    assert attempt.subject == market.listing
    end_rest(attempt)
    assert states(rows) == [ended] * 5
    assert reported == [(2, 3), (3, 3)]
    before = factories.everything()
    end_rest(attempt)
    assert factories.everything() == before
    assert not [name for name, found in verify_all("contracts").items() if found]


def test_few_need_no_job(market):
    rows = opened(market, 1)
    withdraw(market)
    assert states(rows) == [("terminated", "listing_withdrawn")]
    assert not Job.objects.filter(kind=END_OBSTRUCTED.name).exists()


def test_one_that_cannot_be_ended_holds_back_no_other(market):
    rows = opened(market, 5)
    withdraw(market)
    attempt, _ = work()
    with (
        poisoned("contracts_negotiation", f"NEW.id = {rows[2].pk}"),
        pytest.raises(ObstructedStillOpen) as refusal,
    ):
        end_rest(attempt)
    assert refusal.value.fields["left"] == 1
    assert [state for state, _ in states(rows)] == [
        "terminated", "terminated", "requested", "terminated", "terminated"
    ]  # fmt: skip
    assert AsideRow.objects.get(loop="contracts.end_obstructed", ended_at=None).subject == rows[2].public_id
    end_rest(attempt)
    assert {state for state, _ in states(rows)} == {"terminated"}
    assert not AsideRow.objects.filter(loop="contracts.end_obstructed", ended_at=None).exists()


def test_the_job_ends_nothing_of_who_is_active_again(market):
    rows = opened(market, 3)
    participants.suspend_participant(
        actor=market.operator, organisation=market.seller.organisation, reason_code="x", reason="確認"
    )
    suspension = Suspension.objects.get()
    told = {"organisation": market.seller.organisation, "suspension": suspension.public_id}
    assert services.end_of_suspended(**told) == [row.public_id for row in rows[:2]]
    attempt, _ = work()
    assert attempt.subject == suspension.public_id
    staff("usr_first", "usr_second")
    participants.reinstate_participant(
        actor=replace(market.operator, identifier="usr_second"),
        organisation=market.seller.organisation,
        first_person="usr_first",
    )
    end_rest(attempt)
    assert states(rows)[2] == ("requested", "")
    assert services.end_of_suspended(**told) == []
