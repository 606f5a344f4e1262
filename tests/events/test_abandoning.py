"""What the operator gives up: on record, over for cut-offs and the archive, and no hold on its subject."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from marketplace.events import archive, handling, queries, services
from marketplace.events.claiming import Claimer
from marketplace.events.models import Abandonment, ArchivedRange, InboxEntry, OutboxEvent
from marketplace.events.partitions import EVENTS_PER_RANGE, Range, ranges, unhandled_keys
from marketplace.kernel.clock import now, real_now
from marketplace.kernel.errors import IllegalTransition
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Organisation
from tests.participants.factories import corporate_number, staff
from tests.roles import as_owner, assert_refused, unguarded

from .pipe import HANDLER, deliver_until, emit, execute, relay_all, skip_to
from .probe import handlers

RECORD = (
    "INSERT INTO events_abandonment"
    " (entry_key, event_key, event, handler, subscriber, subject, reason, first_person, abandoned_by)"
    " SELECT i.id, i.event_id, e.public_id, i.handler, {subscriber}, i.subject, {reason}, {first}, {second}"
    " FROM events_inboxentry i JOIN events_outboxevent e ON e.id = i.event_id"
)


def _make_operator() -> None:
    """An operator whose registration no event tells of."""
    Organisation.objects.create(
        name_ja="運営", name_en="Operator", kind="business", corporate_number=corporate_number(), address="x",
        representative="y", is_operator=True, registered_at=now(),
    )  # fmt: skip


def park(subject: str) -> InboxEntry:
    """The entry of an event of the subject that its handler failed for good; two people who may give it up are there."""
    if not Organisation.objects.exists():
        _make_operator()
    staff("usr_first", "usr_second")
    handlers.FAILING.add(subject)
    emit(subject)
    relay_all(1)
    execute(
        "UPDATE events_inboxentry SET attempts = %s WHERE subject = %s", handling.ATTEMPTS_MAX - 1, subject
    )
    (claimed,) = Claimer().claim()
    handling.handle_claimed([claimed])
    handlers.FAILING.clear()
    entry = InboxEntry.objects.get(pk=claimed.id)
    assert entry.state == "parked"
    return entry


def abandon(entry: InboxEntry) -> Abandonment:
    return services.abandon_parked(
        entry_id=entry.pk, reason="done by hand", abandoned_by="usr_second", first_person="usr_first"
    )


def breaches() -> set[str]:
    return {name for name, found in verify_all("events").items() if found}


def record(**changes: str) -> str:
    stated = {
        "subscriber": "i.subscriber",
        "reason": "'why'",
        "first": "'usr_first'",
        "second": "'usr_second'",
    }
    return RECORD.format(**stated | changes)


def test_later_events_of_the_subject_go_on_once_the_parked_one_is_abandoned(probed):
    entry = park("org_1")
    emit("org_1")
    relay_all(1)
    assert Claimer().claim() == []
    register = abandon(entry)
    entry.refresh_from_db()
    assert (entry.state, entry.handled_at) == ("abandoned", None)
    assert (register.event, register.handler, register.subject, register.reason) == (
        entry.event.public_id,
        HANDLER,
        "org_1",
        "done by hand",
    )
    deliver_until(queries.all_handled)
    assert handlers.seen() == ["org_1"]
    counts = queries.counts()
    assert (counts.emitted, counts.handled, counts.parked, counts.abandoned) == (2, 1, 0, 1)
    assert breaches() == set()


def test_a_cut_off_no_longer_waits_for_what_was_abandoned(probed):
    entry = park("org_1")
    with transaction.atomic():
        ((text,),) = execute("SELECT pg_current_xact_id()::text")
    barrier = int(text)
    emit("org_2")
    relay_all(1)
    assert queries.count_unhandled_before(barrier, "probe") == 1
    abandon(entry)
    assert queries.count_unhandled_before(barrier, "probe") == 0


def test_only_what_is_parked_is_abandoned_and_it_is_not_retried(probed):
    emit("org_1")
    relay_all(1)
    entry = InboxEntry.objects.get()
    with pytest.raises(IllegalTransition):
        abandon(entry)
    assert (Abandonment.objects.count(), InboxEntry.objects.get().state) == (0, "pending")
    deliver_until(queries.all_handled)
    parked = park("org_2")
    abandon(parked)
    for resolve in (lambda: abandon(parked), lambda: services.retry_parked(entry_id=parked.pk)):
        with pytest.raises(IllegalTransition):
            resolve()
    assert Abandonment.objects.count() == 1


def test_an_entry_is_not_abandoned_without_its_record(probed):
    entry = park("org_1")
    attack = "UPDATE events_inboxentry SET state = 'abandoned'"
    assert_refused(lambda: execute(attack), because="with a reason on record")
    entry.refresh_from_db()
    assert (entry.state, breaches()) == ("parked", set())
    with unguarded("events_inboxentry"):
        execute(attack)
    assert breaches() == {"events.abandoned_on_record"}


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"first": "''"}, "abandonment_two_people"),
        ({"first": "'usr_second'"}, "abandonment_two_people"),
        ({"second": "'app_program'"}, "abandonment_two_people"),
        ({"reason": "''"}, "abandonment_reason"),
        ({"subscriber": "'notices'", "first": "''"}, "only a parked inbox entry"),
    ],
)
def test_a_record_names_two_people_a_reason_and_a_parked_entry(probed, changes, because):
    park("org_1")
    assert_refused(lambda: execute(record(**changes)), because=because)
    assert Abandonment.objects.count() == 0


def test_a_record_of_what_is_not_parked_is_refused_and_named(probed):
    emit("org_1")
    relay_all(1)
    assert_refused(lambda: execute(record()), because="only a parked inbox entry")
    assert Abandonment.objects.count() == 0
    with unguarded("events_abandonment"):
        execute(record())
    assert breaches() == {"events.abandoned_on_record"}


def test_a_record_never_changes(probed):
    abandon(park("org_1"))
    for attack in ("UPDATE events_abandonment SET reason = 'x'", "DELETE FROM events_abandonment"):
        assert_refused(lambda attack=attack: execute(attack), because="append-only")
    assert Abandonment.objects.get().reason == "done by hand"


def test_one_person_gives_up_what_only_tells_people_something(probed):
    park("org_1")
    with unguarded("events_inboxentry"):
        execute("UPDATE events_inboxentry SET subscriber = 'notices'")
    register = services.abandon_parked(
        entry_id=InboxEntry.objects.get().pk, reason="nobody is left", abandoned_by="app_program"
    )
    assert (register.subscriber, register.first_person, breaches()) == ("notices", "", set())


@pytest.fixture
def held(probed, settings, tmp_path):
    """A parked entry in the first range, handled events in it and in the two after it, and one in the fourth."""
    settings.ARCHIVE_DIRECTORY = tmp_path
    entry = park("org_1")
    for number in (1, 2, 3):
        skip_to(number * EVENTS_PER_RANGE)
        emit(f"org_{number + 1}")
    deliver_until(
        lambda: not InboxEntry.objects.filter(state="pending").exists() and not queries.counts().unrelayed
    )
    return entry


def archive_all() -> list[int]:
    found = []
    with as_owner():
        while count := archive.archive_oldest(real_now() + timedelta(seconds=1)):
            found.append(count)
    return found


def test_a_range_that_a_parked_entry_holds_keeps_no_later_range(held):
    first_event = OutboxEvent.objects.order_by("id").first()
    assert archive_all() == [1, 1]
    assert [register.first_id for register in ArchivedRange.objects.order_by("first_id")] == [
        EVENTS_PER_RANGE,
        2 * EVENTS_PER_RANGE,
    ]
    assert [each.first for each in ranges()][:2] == [0, 3 * EVENTS_PER_RANGE]
    assert OutboxEvent.objects.order_by("id").first() == first_event
    assert unhandled_keys() == Range(0, 5 * EVENTS_PER_RANGE)
    emit("org_1", "org_9")
    deliver_until(lambda: handlers.seen()[-1] == "org_9")
    assert InboxEntry.objects.filter(subject="org_1", state="pending").count() == 1
    services.retry_parked(entry_id=held.pk)
    deliver_until(queries.all_handled)
    assert handlers.seen().count("org_1") == 2
    assert archive_all() == [1]
    assert breaches() == set()


def test_an_abandoned_entry_leaves_with_its_range_and_its_record_stays(held):
    abandon(held)
    assert archive_all() == [1, 1, 1]
    assert not InboxEntry.objects.filter(pk=held.pk).exists()
    assert Abandonment.objects.get().entry_key == held.pk
    counts = queries.counts()
    assert (counts.handled, counts.abandoned) == (3, 1)
    assert unhandled_keys().first == 2 * EVENTS_PER_RANGE
    assert breaches() == set()


def test_a_young_range_ends_the_search_for_one_that_may_leave(held, django_assert_num_queries):
    """Looking through the ranges of the last months would read all of their events."""
    with as_owner(), django_assert_num_queries(3):
        assert archive.archive_oldest(real_now() - timedelta(days=1)) == 0
    assert ArchivedRange.objects.count() == 0


def test_an_abandonment_names_one_entry(probed):
    abandon(park("org_1"))
    with unguarded("events_abandonment"), pytest.raises(IntegrityError, match="entry_key"):
        execute(record())
