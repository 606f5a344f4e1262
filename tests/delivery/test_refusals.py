"""Downloads that are refused because access is closed are counted by day; who asks again and again is noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from delivery import services
from delivery.models import RefusedDownloads
from delivery.services import refusals
from delivery.tasks import sweep
from marketplace.kernel import clock
from marketplace.kernel.errors import DomainError
from marketplace.kernel.invariants import REGISTER
from marketplace.kernel.retention import OLD_ROWS
from marketplace.oversight.reviews.detectors import REFUSED_A_DAY
from marketplace.oversight.reviews.models import Review
from tests.contracts.standing.test_halt_time import later
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import as_owner, assert_refused, unguarded

from . import factories
from .test_restitutions import MONTH, attack, resume, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(tuesday) -> factories.Granted:
    """A delivery whose term is a month."""
    return factories.granted(rights=MONTH)


def ask(granted: factories.Granted, times: int = 1, actor=None) -> None:
    """Ask for the file, which is refused."""
    for _ in range(times):
        with pytest.raises(DomainError):
            services.authorise_download(
                actor=actor or granted.buyer_actor,
                entitlement=granted.entitlement,
                distribution=granted.distributions[0],
            )


def counted() -> list[tuple[int, str]]:
    return list(RefusedDownloads.objects.order_by("pk").values_list("refusals", "code"))


def named() -> list[dict[str, object]]:
    return REGISTER["delivery.refused_downloads_are_noticed"].check()


def test_refusals_are_counted_by_buyer_listing_and_day(month):
    month.fetch()
    assert counted() == []
    suspend(month)
    ask(month, 3)
    assert counted() == [(3, "access_suspended")]
    later(1)
    ask(month)
    resume(month)
    month.fetch()
    assert counted() == [(3, "access_suspended"), (1, "access_suspended")]
    later(60)
    services.expire_access()
    ask(month, 2)
    row = RefusedDownloads.objects.latest("pk")
    assert (row.refusals, row.code, row.day) == (2, "access_expired", clock.today())
    assert (row.buyer, row.listing) == (month.buyer.public_id, month.row.listing)


def test_only_a_buyer_without_access_is_counted(month):
    ask(month, actor=participants.actor_for(month.seller))
    ask(month, actor=participants.actor_for(participants.organisation("stranger")))
    with pytest.raises(DomainError):
        services.authorise_download(
            actor=month.buyer_actor, entitlement=month.entitlement, distribution="dst_none"
        )
    assert counted() == []


def test_the_count_is_bounded(month, monkeypatch):
    monkeypatch.setattr(refusals, "REFUSALS_COUNTED_MAX", 4)
    suspend(month)
    ask(month, 6)
    assert counted() == [(4, "access_suspended")]


def test_who_asks_again_and_again_is_noticed_once(month):
    suspend(month)
    ask(month, REFUSED_A_DAY - 1)
    assert (services.notice_refused_downloads(), Review.objects.count()) == (0, 0)
    ask(month)
    sweep()
    (review,) = Review.objects.all()
    assert (review.detector, review.key) == ("refused", f"{month.buyer.public_id}:{month.row.listing}")
    assert sorted(review.parties) == sorted([month.buyer.public_id, month.seller.public_id])
    assert review.facts == {
        "delivery": month.entitlement,
        "listing": month.row.listing,
        "day": clock.today().isoformat(),
        "refusals_min": REFUSED_A_DAY,
        "code": "access_suspended",
    }
    ask(month)
    later(1)
    ask(month, REFUSED_A_DAY)
    assert services.notice_refused_downloads() == 1
    assert (Review.objects.count(), named()) == (1, [])


def test_a_refusal_over_http_stays_counted(month):
    suspend(month)
    path = f"/api/v1/deliveries/{month.entitlement}/distributions/{month.distributions[0]}/content/"
    answer = participants.client_of(month.buyer).get(path)
    assert (answer.status_code, counted()) == (403, [(1, "access_suspended")])


def test_what_cannot_be_noticed_stops_no_other(month):
    other = factories.granted(rights=MONTH)
    for each in (month, other):
        suspend(each)
        ask(each, REFUSED_A_DAY)
    with poisoned("delivery_refuseddownloads", f"NEW.entitlement_id = {month.row.pk}"):
        assert sum(services.notice_refused_downloads() for _ in range(RUNS)) == 1
    assert aside("delivery.notice_refused_downloads") == [month.entitlement]
    assert [review.key for review in Review.objects.all()] == [f"{other.buyer.public_id}:{other.row.listing}"]


def test_the_database_counts_one_by_one(month):
    suspend(month)
    ask(month)
    raw = (
        "INSERT INTO delivery_refuseddownloads (entitlement_id, buyer, listing, day, refusals, code, first_at, last_at, noticed_at)"
        " SELECT entitlement_id, {buyer}, {listing}, {day}, {refusals}, code, public.business_now(), public.business_now(), {noticed}"
        " FROM delivery_refuseddownloads"
    )
    fit = {"buyer": "buyer", "listing": "listing", "day": "day", "refusals": "1", "noticed": "NULL"}
    for changes, because in (
        ({}, "refused_downloads_of_day"),
        ({"buyer": "'org_other'"}, "granted to the buyer"),
        ({"listing": "'lst_other'"}, "granted to the buyer"),
        ({"day": "day - 1"}, "those of a day"),
        ({"refusals": "50"}, "one by one, from one on"),
        ({"noticed": "public.business_now()"}, "one by one, from one on"),
    ):
        statement = raw.format(**(fit | changes))
        assert_refused(lambda statement=statement: attack(statement), because=because)
    for change, because in (
        ("refusals = refusals + 2", "one by one"),
        ("refusals = refusals - 1", "one by one"),
        ("noticed_at = public.business_now()", "refused_downloads_counted"),
        ("code = 'not_the_buyer'", "refused_downloads_counted"),
        ("listing = 'lst_other'", "cannot be changed"),
        ("last_at = last_at - interval '20 years'", "not that of the clock"),
    ):
        statement = f"UPDATE delivery_refuseddownloads SET {change}"
        assert_refused(lambda statement=statement: attack(statement), because=because)
    assert_refused(lambda: attack("DELETE FROM delivery_refuseddownloads"), because="are kept")


def test_what_was_not_noticed_is_named(month):
    suspend(month)
    ask(month, REFUSED_A_DAY)
    assert named() == []
    clock.move_to(clock.now() + timedelta(hours=2), running=False)
    assert [row["buyer"] for row in named()] == [month.buyer.public_id]
    services.notice_refused_downloads()
    assert named() == []
    with unguarded("oversight_review"):
        attack("UPDATE oversight_review SET key = 'x'")
    assert [row["buyer"] for row in named()] == [month.buyer.public_id]


def test_counts_leave_after_a_month(month):
    suspend(month)
    ask(month)
    before = clock.real_now()
    connection.check_constraints()
    with as_owner():
        assert OLD_ROWS["refused_downloads"].remove(before - timedelta(days=30)) == 0
        assert OLD_ROWS["refused_downloads"].remove(before + timedelta(minutes=1)) == 1
    assert counted() == []
