"""The feed: what a participant may see, in the order of commits, without gaps and duplicates."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import CycleMoved, PaymentLost
from marketplace.events.services import emit
from marketplace.kernel.columns import UNREADABLE
from marketplace.participants.services import suspend_participant
from marketplace.webhooks import services
from marketplace.webhooks.errors import CursorUnknown
from marketplace.webhooks.models import FeedEntry
from marketplace.webhooks.queries import FeedPage, read_feed
from tests.participants import factories as parties
from tests.roles import as_owner, unguarded

from . import factories

FEED = "/api/v1/events/feed/"


@pytest.fixture
def buyer(committed_database):
    return parties.organisation("B")


@pytest.fixture
def seller(committed_database):
    return parties.organisation("S")


@pytest.fixture
def refunds(buyer, seller) -> list[str]:
    """Three events of a buyer and a seller, published."""
    factories.start_feed()
    events = factories.emit(
        *(factories.refunded(buyer.public_id, seller.public_id, number) for number in (1, 2, 3))
    )
    assert factories.publish(3) == 3
    return events


def page(subject, after: str | None = None, types: tuple[str, ...] = (), limit: int = 100) -> FeedPage:
    return read_feed(actor=parties.actor_for(subject), after=after, types=types, limit=limit)


def identifiers(subject, **options) -> list[str]:
    return [event["id"] for event in page(subject, **options).events]


def test_both_parties_read_the_event_and_a_stranger_does_not(refunds, buyer, seller):
    stranger = parties.organisation("X")
    refund = ("trade.refunded",)
    assert identifiers(buyer, types=refund) == identifiers(seller, types=refund) == refunds
    assert identifiers(stranger) == []
    factories.publish(1)
    assert [event["type"] for event in page(stranger).events] == ["sanpo.organisation.registered.v1"]


def test_pages_follow_each_other_without_gap_and_duplicate(refunds, buyer):
    first = page(buyer, types=("trade.refunded",), limit=2)
    assert ([event["id"] for event in first.events], first.next, first.more) == (
        refunds[:2],
        refunds[1],
        True,
    )
    second = page(buyer, after=first.next, types=("trade.refunded",), limit=2)
    assert ([event["id"] for event in second.events], second.next, second.more) == (
        refunds[2:],
        refunds[2],
        False,
    )
    third = page(buyer, after=second.next, limit=2)
    assert (third.events, third.next, third.more) == ([], refunds[2], False)


def test_a_participant_sees_what_concerns_it_and_everyone_and_the_operator_sees_all(refunds, buyer):
    operator = parties.operator()
    factories.start_feed()
    lost = PaymentLost(
        instruction="stl_1", reference="R", amount_minor=1, currency="JPY", value_date="2030-01-01"
    )
    factories.emit(lost, CycleMoved(cycle="cyc_1", state="open"), factories.registered("org_other"))
    factories.publish(3)
    assert [event["subject"] for event in page(buyer, after=refunds[2]).events] == ["cyc_1"]
    seen = [event["subject"] for event in page(operator, after=refunds[2]).events]
    assert seen == [operator.public_id, "stl_1", "cyc_1", "org_other"]
    with pytest.raises(CursorUnknown):
        page(parties.organisation("Y"), after=refunds[0])


def test_the_feed_speaks_cloudevents(refunds, buyer):
    client = parties.client_of(buyer)
    answer = client.get(FEED, {"types": "sanpo.trade.refunded.v1", "page_size": 1}).json()
    stated = answer["events"][0]
    event = JSONFormat().read(CloudEvent, __import__("json").dumps(stated))
    assert (event.get_id(), event.get_type(), event.get_source()) == (refunds[0], stated["type"], "/sanpo")
    assert event.get_data()["buyer"] == buyer.public_id
    assert (answer["next"], answer["more"]) == (refunds[0], True)


def test_events_enter_the_feed_in_the_order_of_commits_also_when_one_commits_late(buyer):
    """The late event was emitted first. It comes before those that were emitted and committed while it was open."""
    factories.start_feed()
    emitted, commit = threading.Event(), threading.Event()

    def emit_late() -> None:
        with transaction.atomic():
            emit(factories.registered("org_late"))
            emitted.set()
            assert commit.wait(20)
        connections.close_all()

    late = threading.Thread(target=emit_late)
    late.start()
    assert emitted.wait(20)
    factories.emit(factories.registered("org_early"))
    assert services.publish_due() == (0, 0)
    assert FeedEntry.objects.filter(scope__in=("org_late", "org_early")).count() == 0
    commit.set()
    late.join(20)
    assert factories.publish(2) == 2
    entries = FeedEntry.objects.filter(scope__in=("org_late", "org_early")).order_by("pk")
    assert [entry.scope for entry in entries] == ["org_late", "org_early"]


def test_a_reader_beside_writers_and_publishers_misses_nothing_and_reads_nothing_twice(buyer, seller):
    factories.start_feed()
    start = page(buyer).next
    writers, rounds = 4, 15
    done = threading.Event()

    def write(writer: int) -> None:
        for number in range(rounds):
            factories.emit(factories.refunded(buyer.public_id, seller.public_id, writer * 1_000 + number))
        connections.close_all()

    def publish() -> None:
        while not done.is_set():
            services.publish_due()
        connections.close_all()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(writers)]
    publishers = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads + publishers:
        thread.start()
    read, after = [], start
    ends_at = timezone.now() + timedelta(seconds=30)
    while len(read) < writers * rounds and timezone.now() < ends_at:
        found = page(buyer, after=after, limit=7)
        read += [event["id"] for event in found.events]
        after = found.next
    done.set()
    for thread in threads + publishers:
        thread.join(20)
    refunds = OutboxEvent.objects.filter(type="trade.refunded").order_by("transaction", "id")
    assert read == list(refunds.values_list("public_id", flat=True))
    assert len(set(read)) == writers * rounds


def test_a_page_costs_the_same_at_any_history(refunds, buyer):
    """It reads a literal number of statements, and the index no further than the page needs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO webhooks_feedentry (scope, event_id, type)"
            " SELECT %s, 1000000 + n, CASE WHEN n %% 1000 = 0 THEN 'trade.failed' ELSE 'trade.secured' END"
            " FROM generate_series(1, 50000) AS n",
            [buyer.public_id],
        )
        with as_owner():
            cursor.execute("ANALYZE webhooks_feedentry")
    for types in ((), ("trade.failed", "trade.refunded")):
        with CaptureQueriesContext(
            connection,
        ) as sent:
            page(buyer, after=refunds[0], types=types, limit=2)
        assert len(sent) == 4
        statement = sent.captured_queries[2]["sql"]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}")
            plan = cursor.fetchone()[0][0]["Plan"]
        assert rows_read(plan) <= 60


def rows_read(plan: dict) -> int:
    """Rows that the plan's scans of the feed returned or removed."""
    own = 0
    if plan.get("Relation Name") == "webhooks_feedentry":
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return own + sum(rows_read(part) for part in plan.get("Plans", ()))


def test_a_cursor_that_is_no_longer_kept_says_from_where_to_go_on(refunds, buyer):
    client = parties.client_of(buyer)
    old = FeedEntry.objects.get(
        scope=buyer.public_id, event_id=OutboxEvent.objects.get(public_id=refunds[0]).pk
    )
    assert factories.remove_old("feed", days=0) > 0
    assert not FeedEntry.objects.filter(pk=old.pk).exists()
    answer = client.get(FEED, {"after": refunds[0]})
    body = answer.json()
    assert (answer.status_code, body["code"], body["errors"][0]["field"]) == (404, "cursor_unknown", "after")
    assert "leaving out `after`" in body["detail"]
    assert client.get(FEED).json() == {"events": [], "next": None, "more": False}


def test_an_event_of_a_type_that_no_build_declares_any_more_is_passed_over(refunds, buyer):
    vanished = factories.emit_vanished(buyer.public_id)
    FeedEntry.objects.create(scope=buyer.public_id, event_id=vanished.pk, type=vanished.type)
    passed = page(buyer, after=refunds[2], limit=1)
    assert (passed.events, passed.next, passed.more) == ([], vanished.public_id, False)
    last = factories.emit(factories.refunded(buyer.public_id, "org_other", 4))
    assert factories.publish(2) == 2
    shown = page(buyer, after=refunds[2], limit=1)
    assert (shown.events, shown.next, shown.more) == ([], vanished.public_id, True)
    assert identifiers(buyer, after=vanished.public_id) == last
    assert identifiers(buyer, after=refunds[1]) == [refunds[2], *last]


def test_a_suspended_organisation_reads_its_feed(refunds, buyer):
    suspend_participant(
        actor=parties.actor_for(parties.operator()),
        organisation=buyer.public_id,
        reason_code="misuse",
        reason="Misuse.",
    )
    answer = parties.client_of(buyer).get(FEED, {"types": "trade.refunded"})
    assert (answer.status_code, [event["id"] for event in answer.json()["events"]]) == (200, refunds)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"types": "trade.vanished"}, "types"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "501"}, "page_size"),
        ({"page_size": "²"}, "page_size"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused_by_name(db, query, field):
    answer = parties.client_of(parties.organisation()).get(FEED, query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_without_a_token_there_is_no_feed(db, api):
    assert api.get(FEED).status_code == 401


def test_the_types_that_one_may_see_are_listed_with_their_fields(db):
    listed = parties.client_of(parties.organisation()).get("/api/v1/events/types/").json()
    types = {entry["type"]: entry for entry in listed}
    assert types["trade.secured"]["cloudevents_type"] == "sanpo.trade.secured.v1"
    assert "beneficiaries" not in types["agreement.concluded"]["fields_of_data"]
    assert "payment.lost" not in types


def test_an_event_that_nobody_can_read_is_passed_over_in_the_feed_and_shown_as_such_to_the_operator(
    refunds, buyer
):
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_outboxevent DROP CONSTRAINT outbox_data_object")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'events_outboxevent'::regclass AND contype = 'c'"
            " AND pg_get_constraintdef(oid) LIKE '%jsonb_path_exists%'"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE events_outboxevent DROP CONSTRAINT {name}")
        cursor.execute(
            "UPDATE events_outboxevent SET data = %s WHERE public_id = %s",
            ['{"n": ' + "9" * 5_000 + "}", refunds[1]],
        )
    assert identifiers(buyer, types=("trade.refunded",)) == [refunds[0], refunds[2]]
    operator = parties.client_of(parties.operator())
    for path in ("/api/v1/events/outbox/", "/api/v1/events/inbox/", FEED):
        assert operator.get(path).status_code == 200
    rows = operator.get(f"/api/v1/events/outbox/{refunds[1]}/").json()
    assert rows["data"] == UNREADABLE
