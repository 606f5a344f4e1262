"""Claims: in order per subject, each entry to one worker, nothing starved, and the same cost at any history."""

from __future__ import annotations

import re
import threading
import time

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.events import claiming, handling, services
from marketplace.events.claiming import BATCH, Claimer
from marketplace.events.models import InboxEntry
from marketplace.events.partitions import EVENTS_PER_RANGE

from ..roles import as_owner
from .pipe import emit, execute, put_entries, relay_all, skip_to
from .probe import handlers


def subjects(claimed: list[claiming.Claimed]) -> list[str]:
    return [entry.subject for entry in claimed]


def assert_few(sent: CaptureQueriesContext) -> None:
    """A claim read entries, whatever stands before them, by four statements at most, and looked once at where they are."""
    of_entries = [query["sql"] for query in sent.captured_queries if "inboxentry" in query["sql"]]
    reading = [statement for statement in of_entries if "lease_until" in statement]
    assert (len(reading) <= 4, len(of_entries) - len(reading)) == (True, 1)


def lease_ends() -> None:
    execute("UPDATE events_inboxentry SET lease_until = clock_timestamp() WHERE lease IS NOT NULL")


def test_a_claim_counts_the_attempt_before_anything_is_tried(probed):
    emit("org_1", "org_2")
    relay_all(2)
    assert subjects(Claimer().claim()) == ["org_1", "org_2"]
    assert execute("SELECT state, attempts, lease_until > now() FROM events_inboxentry ORDER BY id") == [
        ("pending", 1, True),
        ("pending", 1, True),
    ]


def test_an_entry_is_claimed_by_one_worker(probed):
    emit("org_1", "org_2")
    relay_all(2)
    first, second = Claimer(), Claimer()
    assert subjects(first.claim()) == ["org_1", "org_2"]
    assert second.claim() == []


def test_a_subject_is_claimed_by_one_worker_at_a_time(probed):
    emit(*["org_1"] * (BATCH + 5), "org_2")
    relay_all(BATCH + 6)
    first, second = Claimer(), Claimer()
    held = first.claim()
    assert subjects(held) == ["org_1"] * BATCH
    assert subjects(second.claim()) == ["org_2"]
    assert handling.handle_claimed(held) == []
    assert subjects(second.claim()) == ["org_1"] * 5


def test_claims_that_race_take_no_entry_twice_and_leave_no_gap(probed):
    emit(*(f"org_{number % 7}" for number in range(140)))
    relay_all(140)
    found: list[list[claiming.Claimed]] = []
    start = threading.Barrier(4)

    def claim() -> None:
        claimer = Claimer()
        start.wait(10)
        found.append(claimer.claim())
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    taken = [entry.id for claimed in found for entry in claimed]
    assert len(taken) == len(set(taken))
    leased = {row[0] for row in execute("SELECT id FROM events_inboxentry WHERE lease IS NOT NULL")}
    assert leased == set(taken)
    for subject in range(7):
        ids = [
            row[0]
            for row in execute(
                "SELECT id FROM events_inboxentry WHERE subject = %s ORDER BY id", f"org_{subject}"
            )
        ]
        mine = [number for number in ids if number in leased]
        assert mine == ids[: len(mine)]


def test_what_a_dead_worker_held_is_claimed_again_alone_once_its_lease_has_ended(probed):
    emit("org_1", "org_2", "org_3")
    relay_all(3)
    Claimer().claim()
    assert Claimer().claim() == []
    lease_ends()
    claimer = Claimer()
    again = [claimer.claim() for _ in range(3)]
    assert [subjects(claimed) for claimed in again] == [["org_1"], ["org_2"], ["org_3"]]
    assert [entry.attempts for (entry,) in again] == [2, 2, 2]


def test_an_event_that_kills_its_worker_is_parked_and_its_neighbours_are_handled(probed):
    emit("org_bad", "org_1", "org_2")
    relay_all(3)
    Claimer().claim()
    for _ in range(handling.ATTEMPTS_MAX):
        lease_ends()
        claimer = Claimer()
        while claimed := claimer.claim():
            handling.handle_claimed([entry for entry in claimed if entry.subject != "org_bad"])
    lease_ends()
    assert handling.handle_claimed(Claimer().claim()) == []
    assert handlers.seen() == ["org_1", "org_2"]
    (parked,) = InboxEntry.objects.filter(state="parked")
    assert (parked.subject, parked.error) == ("org_bad", handling.DIED)


def test_what_is_given_back_counts_no_attempt_and_is_claimed_next(probed):
    emit("org_1", "org_2")
    relay_all(2)
    claimer = Claimer()
    claimer.give_back(claimer.claim())
    assert execute("SELECT attempts, lease FROM events_inboxentry") == [(0, None), (0, None)]
    assert subjects(claimer.claim()) == ["org_1", "org_2"]


def test_ten_thousand_entries_behind_a_parked_one_starve_nobody(probed):
    emit(*["org_parked"] * 10_001, "org_other")
    for expected in (2000, 2000, 2000, 2000, 2000, 2):
        relay_all(expected)
    execute(
        "UPDATE events_inboxentry SET state = 'parked' WHERE id = (SELECT min(id) FROM events_inboxentry)"
    )
    claimer = Claimer()
    with CaptureQueriesContext(connection) as sent:
        assert subjects(claimer.claim()) == ["org_other"]
    assert_few(sent)
    assert claimer.claim() == []


def test_twelve_thousand_entries_in_backoff_starve_nobody(probed):
    put_entries(12_000, attempts=1, due_in="1 hour")
    put_entries(1, prefix="org_other_")
    claimer = Claimer()
    assert subjects(claimer.claim()) == ["org_other_1"]
    assert (claimer.claim(), claimer.at_end) == ([], True)


def test_what_failed_is_claimed_together_and_handled_last(probed):
    put_entries(3, prefix="org_failed_", attempts=1)
    put_entries(2)
    assert subjects(Claimer().claim()) == ["org_1", "org_2", "org_failed_1", "org_failed_2", "org_failed_3"]


def test_looking_back_takes_a_small_share_of_the_time(probed, monkeypatch):
    """What looking back took decides when it is done again; in between, what was passed over is not read."""
    monkeypatch.setattr(claiming, "LOOK_BACK_SHARE", 1e-9)
    put_entries(1)
    claimer = Claimer()
    assert subjects(claimer.claim()) == ["org_1"]
    lease_ends()
    time.sleep(claiming.LOOK_BACK_SECONDS_MIN)
    assert claimer.claim() == []
    monkeypatch.setattr(claiming, "LOOK_BACK_SHARE", 1.0)
    claimer = Claimer()
    assert subjects(claimer.claim()) == ["org_1"]
    lease_ends()
    time.sleep(claiming.LOOK_BACK_SECONDS_MIN)
    assert subjects(claimer.claim()) == ["org_1"]


def test_a_delivery_reaches_what_is_behind_entries_in_backoff(probed):
    put_entries(12_000, attempts=1, due_in="1 hour")
    put_entries(1, prefix="org_other_")
    assert services.deliver_due() == 1
    assert handlers.seen() == ["org_other_1"]


def test_entries_behind_many_parked_ones_starve_nobody(probed):
    put_entries(2_100, attempts=8)
    execute("UPDATE events_inboxentry SET state = 'parked'")
    put_entries(2_100)
    put_entries(1, prefix="org_other_")
    claimer = Claimer()
    with CaptureQueriesContext(connection) as sent:
        assert subjects(claimer.claim()) == ["org_other_1"]
    assert_few(sent)


def test_a_claim_that_ends_for_its_time_is_gone_on_with(probed, monkeypatch):
    put_entries(1)
    claimer = Claimer()
    with monkeypatch.context() as limits:
        limits.setattr(claiming, "READ_SECONDS_MAX", 0)
        assert (claimer.claim(), claimer.at_end) == ([], False)
    assert subjects(claimer.claim()) == ["org_1"]


def test_a_claim_reads_once_where_the_last_one_reached_the_end(probed):
    put_entries(1)
    claimer = Claimer()
    assert (subjects(claimer.claim()), claimer.at_end) == (["org_1"], True)
    for prefix, expected in (("org_new_", ["org_new_1"]), ("org_newer_", ["org_newer_1"]), ("", [])):
        if prefix:
            put_entries(1, prefix=prefix)
        with CaptureQueriesContext(connection) as sent:
            assert (subjects(claimer.claim()), claimer.at_end) == (expected, True)
        assert len([query for query in sent if "i.state = 'pending' AND i.id >" in query["sql"]]) == 1


def test_an_event_outside_a_burst_does_not_wait_for_its_end(probed):
    emit(*(f"org_{number}" for number in range(20 * BATCH)))
    relay_all(20 * BATCH)
    claimer = Claimer()
    claimer.claim()
    claimer.claim()
    emit("org_outside")
    relay_all(1)
    assert "org_outside" in subjects(claimer.claim()) + subjects(claimer.claim())


def test_an_entry_is_not_claimed_before_its_time(probed):
    emit("org_1", "org_1", "org_2")
    relay_all(3)
    execute(
        "UPDATE events_inboxentry SET due_at = now() + interval '1 hour'"
        " WHERE id = (SELECT min(id) FROM events_inboxentry)"
    )
    assert subjects(Claimer().claim()) == ["org_2"]


def test_a_claim_takes_two_statements(probed):
    """One more, once a second, reads where what is not handled is."""
    claimer = Claimer()
    for statements in (3, 2):
        emit(*(f"org_{number}" for number in range(8)))
        relay_all(8)
        with CaptureQueriesContext(connection) as sent:
            claimed = claimer.claim()
        assert len(claimed) == 8
        assert len([query for query in sent.captured_queries if "inboxentry" in query["sql"]]) == statements
        assert handling.handle_claimed(claimed) == []


def test_a_claim_looks_at_the_ranges_of_pending_entries_only(probed):
    """The plans of what a claim sends: the range of the pending entry and its neighbours, of eleven."""
    skip_to(5 * EVENTS_PER_RANGE + 7)
    emit("org_1")
    relay_all(1)
    with CaptureQueriesContext(connection) as sent:
        assert subjects(Claimer().claim()) == ["org_1"]
    statements = [query["sql"] for query in sent.captured_queries if "lease_until" in query["sql"]]
    assert [tables_in_plan(statement) for statement in statements] == [
        {f"inboxentry_{number * EVENTS_PER_RANGE}" for number in (4, 5, 6)},
        {f"inboxentry_{number * EVENTS_PER_RANGE}" for number in (4, 5, 6)}
        | {f"outboxevent_{5 * EVENTS_PER_RANGE}"},
    ]
    for reading in (claiming.READ_NEWEST, claiming.READ_HEADS):
        bounds = {"first": 4 * EVENTS_PER_RANGE, "end": 7 * EVENTS_PER_RANGE}
        assert tables_in_plan(reading % {"after": 0, "without": "ARRAY[]", "limit": 1, **bounds}) == {
            f"inboxentry_{number * EVENTS_PER_RANGE}" for number in (4, 5, 6)
        }


def tables_in_plan(statement: str) -> set[str]:
    plan = "\n".join(line for (line,) in execute("EXPLAIN " + statement))
    return set(re.findall(r" on events_((?:inboxentry|outboxevent)_\w+)", plan))


def test_claiming_reads_no_handled_entry(probed):
    """The plan of the reading statement: only the index of pending entries, whatever the statistics say."""
    emit("org_1")
    relay_all(1)
    plan = execute(
        "EXPLAIN "
        + claiming.READ_OLDEST
        % {
            "after": 0,
            "without": "ARRAY[]",
            "limit": claiming.WINDOW,
            "first": 0,
            "end": 2 * EVENTS_PER_RANGE,
        }
    )
    text = "\n".join(line for (line,) in plan)
    assert "Seq Scan" not in text
    assert "id_idx" in text


def test_what_stands_before_an_entry_is_looked_up_by_its_subject_though_statistics_say_that_nothing_waits(
    probed,
):
    """A range that was empty when its statistics were taken, and the burst that came afterwards."""
    emit("org_0")
    relay_all(1)
    assert handling.handle_claimed(Claimer().claim()) == []
    with as_owner():
        execute("ANALYZE events_inboxentry")
    put_entries(4_000)
    with CaptureQueriesContext(connection) as sent:
        assert len(Claimer().claim()) == BATCH
    bounds = {"first": 0, "end": 2 * EVENTS_PER_RANGE}
    heads = claiming.READ_HEADS % {"after": 0, "without": "ARRAY[]", "limit": claiming.WINDOW, **bounds}
    lease = next(query["sql"] for query in sent.captured_queries if "blocked AS" in query["sql"])
    for statement in (heads, lease):
        with transaction.atomic():
            execute(claiming.PLAN_BY_INDEX)
            looked_up = [line for (line,) in execute("EXPLAIN " + statement) if re.search(r" e_?\d* ", line)]
        earlier = [line for line in looked_up if "inboxentry" in line]
        assert earlier
        assert [line for line in earlier if "subscriber_subject_id_idx" not in line] == []


def test_only_a_pending_entry_is_leased(probed):
    emit("org_1")
    relay_all(1)
    with pytest.raises(IntegrityError, match="inbox_leased_when"), transaction.atomic():
        execute("UPDATE events_inboxentry SET lease = gen_random_uuid()")
    assert execute("SELECT lease FROM events_inboxentry") == [(None,)]
