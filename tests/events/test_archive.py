"""Handled ranges leave as files once they are old; what is not handled, or not old, stays."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from marketplace.api.models import IdempotencyRecord
from marketplace.events import archive, partitions, queries, services
from marketplace.events.models import ArchivedRange, InboxEntry, OutboxEvent
from marketplace.events.partitions import EVENTS_PER_RANGE
from marketplace.kernel import retention
from marketplace.kernel.clock import real_now
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.management.commands.archive_old_rows import Command
from marketplace.kernel.retention import OLD_ROWS, OldRows
from marketplace.notices.models import MailMessage, Notice
from tests.participants import factories
from tests.poison import RUNS, aside, tasks_to_repair
from tests.roles import as_owner, assert_refused, unguarded

from .pipe import deliver_until, emit, execute, open_transaction, skip_to

WORDS = {"ja": "一言", "en": "a word"}


@pytest.fixture
def handled(probed, settings, tmp_path):
    """Three handled events in the first range, and one in the second."""
    settings.ARCHIVE_DIRECTORY = tmp_path
    emit("org_1", "org_2", "org_3")
    skip_to(EVENTS_PER_RANGE)
    emit("org_4")
    deliver_until(queries.all_handled)
    return tmp_path


def archive_oldest(before: Any) -> int:
    """As the owner, who alone may take a range away."""
    with as_owner():
        return archive.archive_oldest(before)


def later() -> object:
    return real_now() + timedelta(seconds=1)


def test_an_old_handled_range_leaves_as_two_files(handled: Path):
    before = queries.counts()
    assert archive_oldest(later()) == 3
    assert [event.data["organisation"] for event in OutboxEvent.objects.all()] == ["org_4"]
    assert partitions.ranges()[0].first == EVENTS_PER_RANGE
    register = ArchivedRange.objects.get()
    assert (register.first_id, register.end_id, register.events, register.entries) == (
        0,
        EVENTS_PER_RANGE,
        3,
        3,
    )
    for name, digest in (
        (register.events_file, register.events_sha256),
        (register.entries_file, register.entries_sha256),
    ):
        assert hashlib.sha256((handled / name).read_bytes()).hexdigest() == digest
    assert len(gzip.decompress((handled / register.events_file).read_bytes()).splitlines()) == 4
    assert queries.counts() == before
    assert {name: found for name, found in verify_all("events").items() if found} == {}
    assert archive_oldest(later()) == 0


def test_an_archived_file_reads_back(handled: Path):
    rows = execute("SELECT * FROM events_outboxevent ORDER BY id LIMIT 3")
    archive_oldest(later())
    content = gzip.decompress((handled / ArchivedRange.objects.get().events_file).read_bytes())
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE read_back (LIKE events_outboxevent)")
        with cursor.copy("COPY read_back FROM STDIN CSV HEADER") as copy:
            copy.write(content)
        assert execute("SELECT * FROM read_back ORDER BY id") == rows


def test_a_young_range_stays(handled: Path):
    assert archive_oldest(real_now() - timedelta(days=1)) == 0
    assert OutboxEvent.objects.count() == 4
    assert list(handled.iterdir()) == []


def test_a_range_with_an_entry_that_is_not_handled_stays(probed, settings, tmp_path):
    settings.ARCHIVE_DIRECTORY = tmp_path
    emit("org_1")
    skip_to(EVENTS_PER_RANGE)
    emit("org_2")
    assert archive_oldest(later()) == 0
    deliver_until(queries.all_handled)
    execute(
        "INSERT INTO events_inboxentry (event_id, handler, subscriber, subject)"
        " SELECT min(id), 'a.handlers.b', 'a', 'org_1' FROM events_outboxevent"
    )
    assert archive_oldest(later()) == 0
    assert (OutboxEvent.objects.count(), ArchivedRange.objects.count()) == (2, 0)


def test_the_market_goes_on_after_an_archiving(handled: Path):
    archive_oldest(later())
    emit("org_5")
    deliver_until(queries.all_handled)
    assert services.deliver_due() == 0
    assert InboxEntry.objects.count() == 2


def test_an_event_in_an_archived_range_is_named_by_the_checker(handled: Path):
    archive_oldest(later())
    with unguarded("events_outboxevent"):
        execute(
            "INSERT INTO events_outboxevent (id, public_id, type, version, subject, data, occurred_at)"
            " OVERRIDING SYSTEM VALUE VALUES (5, 'evt_again', 'organisation.registered', 1, 'org_1', '{}', now())"
        )
    assert verify_all("events")["events.none_lost"] == [{"event_id": 5}]


@pytest.mark.parametrize(
    ("first", "end", "because"),
    [
        (EVENTS_PER_RANGE, EVENTS_PER_RANGE, "archived_range_ordered"),
        (EVENTS_PER_RANGE + 1, EVENTS_PER_RANGE, "archived_range_ordered"),
        (0, EVENTS_PER_RANGE, "archived_ranges_apart"),
        (EVENTS_PER_RANGE - 1, EVENTS_PER_RANGE + 1, "archived_ranges_apart"),
    ],
)
def test_archived_ranges_lie_apart(handled: Path, first: int, end: int, because: str):
    archive_oldest(later())
    attack = (
        "INSERT INTO events_archivedrange (first_id, end_id, last_public_id, events, entries, events_file,"
        f" events_sha256, entries_file, entries_sha256) SELECT {first}, {end}, last_public_id, events, entries,"
        " events_file, events_sha256, entries_file, entries_sha256 FROM events_archivedrange"
    )
    assert_refused(lambda: execute(attack), because=because)
    assert ArchivedRange.objects.count() == 1


def test_the_command_removes_every_kind_after_its_retention(handled: Path, capsys):
    organisation = factories.organisation()
    old, subjects = real_now() - timedelta(days=4000), ("lst_1", "agr_1")
    for subject in subjects:
        Notice.objects.create(
            organisation=organisation, subject=subject, title=WORDS, body=WORDS, told_at=old
        )
    Notice.objects.create(
        organisation=organisation, subject="lst_2", title=WORDS, body=WORDS, told_at=real_now()
    )
    IdempotencyRecord.objects.create(caller="a", key="old", request_digest="x", created_at=old)
    IdempotencyRecord.objects.create(caller="a", key="new", request_digest="x")
    with as_owner():
        call_command("archive_old_rows")
    assert list(Notice.objects.order_by("id").values_list("subject", flat=True)) == ["agr_1", "lst_2"]
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["new"]
    assert MailMessage.objects.count() == 0
    assert_refused(lambda: execute("DELETE FROM notices_notice"), because="are kept")
    assert "notices: 1 left after 365 days" in capsys.readouterr().out


def test_a_kind_that_cannot_leave_holds_back_no_other(handled: Path):
    organisation = factories.operator()
    old = real_now() - timedelta(days=4000)
    Notice.objects.create(organisation=organisation, subject="lst_1", title=WORDS, body=WORDS, told_at=old)
    IdempotencyRecord.objects.create(caller="a", key="old", request_digest="x", created_at=old)
    with as_owner():
        execute(
            "CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'this row is poison' USING ERRCODE = 'check_violation'; END $$"
        )
        execute(
            "CREATE TRIGGER aa_poison BEFORE DELETE ON notices_notice FOR EACH ROW EXECUTE FUNCTION public.poison()"
        )
        for _ in range(RUNS):
            with pytest.raises(CommandError, match="not removed, the others were: notices"):
                call_command("archive_old_rows")
    assert (Notice.objects.count(), IdempotencyRecord.objects.count()) == (1, 0)
    assert aside("kernel.archive_old_rows") == ["notices"]
    ((title, state),) = tasks_to_repair()
    assert ("notices" in title, "this row is poison" in title, state) == (True, True, "open")


def test_a_table_in_use_fails_the_command_and_holds_back_no_other_kind(handled: Path, monkeypatch):
    monkeypatch.setattr(retention, "LOCK_SECONDS_MAX", 0.2)
    organisation = factories.operator()
    old = real_now() - timedelta(days=4000)
    Notice.objects.create(organisation=organisation, subject="lst_1", title=WORDS, body=WORDS, told_at=old)
    IdempotencyRecord.objects.create(caller="a", key="old", request_digest="x", created_at=old)
    in_use = open_transaction(lambda: execute("LOCK TABLE notices_notice IN ROW EXCLUSIVE MODE"))
    with in_use, as_owner():
        for _ in range(RUNS):
            with pytest.raises(CommandError, match="not removed, the others were: notices"):
                call_command("archive_old_rows")
    assert (Notice.objects.count(), IdempotencyRecord.objects.count()) == (1, 0)
    assert aside("kernel.archive_old_rows") == ["notices"]
    ((title, state),) = tasks_to_repair()
    assert ("lock timeout" in title, state) == (True, "open")


@pytest.fixture
def probed_kind():
    """A kind of old rows of which three leave, and then what the test puts into the list is done."""
    then: list[Callable[[], int]] = []
    left = iter([3])
    OldRows(name="probe", remove=lambda before: next(left, None) or then[0]())
    yield then
    del OLD_ROWS["probe"]


def test_what_was_removed_before_a_table_was_in_use_counts(handled: Path, probed_kind, capsys):
    def wait_for_the_table() -> int:
        with transaction.atomic():
            execute("SET LOCAL lock_timeout = '50ms'")
            execute("LOCK TABLE notices_notice IN SHARE MODE")
        return 0

    probed_kind.append(wait_for_the_table)
    in_use = open_transaction(lambda: execute("LOCK TABLE notices_notice IN ROW EXCLUSIVE MODE"))
    with in_use, as_owner():
        assert Command()._remove("probe", days=1) is True
    told = capsys.readouterr()
    assert "probe: a table is in use; the next run goes on" in told.err
    assert "probe: 3 left after 1 days" in told.out


def test_any_other_failure_of_the_server_is_none_to_go_on_after(handled: Path, probed_kind):
    def take_too_long() -> int:
        with transaction.atomic():
            execute("SET LOCAL statement_timeout = '50ms'")
            execute("SELECT pg_sleep(5)")
        return 0

    probed_kind.append(take_too_long)
    with pytest.raises(OperationalError, match="statement timeout"):
        Command()._remove("probe", days=1)


def test_the_application_role_opens_no_guard(handled: Path):
    guard = execute(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'notices_notice'::regclass AND tgname LIKE '%%no_delete%%'"
    )
    for statement in (
        f"ALTER TABLE notices_notice DISABLE TRIGGER {guard[0][0]}",
        "DROP TABLE events_outboxevent_0",
        "ALTER TABLE events_outboxevent DETACH PARTITION events_outboxevent_0",
    ):
        with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"), transaction.atomic():
            execute(statement)
    assert OutboxEvent.objects.count() == 4


def test_the_application_role_archives_nothing(handled: Path):
    with pytest.raises(InsufficientPrivilege, match="permission denied"):
        archive.archive_oldest(later())
    assert (OutboxEvent.objects.count(), ArchivedRange.objects.count()) == (4, 0)
