"""The register of advisory locks: one declaration a name, key and rank; taken as declared, until the transaction ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from marketplace.kernel.locks import (
    LOCKS,
    ROW_ORDERS,
    AdvisoryLock,
    Mode,
    ModeNotDeclared,
    RowOrder,
    TakenOutsideTransaction,
)

PROBE_KEY = 5_300_001
PROBE_RANK = -1


@pytest.fixture(autouse=True)
def registers() -> Iterator[None]:
    """The registers as they were before the test."""
    locks, orders = dict(LOCKS), dict(ROW_ORDERS)
    yield
    LOCKS.clear()
    LOCKS.update(locks)
    ROW_ORDERS.clear()
    ROW_ORDERS.update(orders)


def probe(
    name: str = "probe.first",
    key: int = PROBE_KEY,
    rank: int = PROBE_RANK,
    modes: frozenset[Mode] = frozenset(Mode),
) -> AdvisoryLock:
    """A lock of the test's own."""
    return AdvisoryLock(name=name, key=key, rank=rank, protects="A probe.", modes=modes)


def held() -> list[tuple[int, str]]:
    """Key and mode of each advisory lock that this connection holds of the test's own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND objid = %s",
            [PROBE_KEY],
        )
        return cursor.fetchall()


def in_another_transaction(take: Callable[[], bool]) -> bool:
    """What ``take`` returns in a transaction of a connection of its own, which ends with it."""

    def run() -> bool:
        try:
            with transaction.atomic():
                return take()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({"key": 1, "rank": -2}, "name probe.first belongs to probe.first"),
        ({"name": "probe.other", "rank": -2}, f"key {PROBE_KEY} belongs to probe.first"),
        ({"name": "probe.other", "key": 1}, f"rank {PROBE_RANK} belongs to probe.first"),
    ],
)
def test_a_name_a_key_and_a_rank_are_declared_once(other, refused):
    probe()
    before = dict(LOCKS)
    with pytest.raises(ValueError, match=refused):
        probe(**other)
    assert before == LOCKS


def test_a_lock_declares_how_it_is_taken():
    before = dict(LOCKS)
    with pytest.raises(ValueError, match="declares no mode"):
        probe(modes=frozenset())
    assert before == LOCKS


def test_an_application_states_its_row_order_once():
    first = RowOrder("probe", "Parents before children.")
    with pytest.raises(ValueError, match="declared twice"):
        RowOrder("probe", "Children before parents.")
    assert ROW_ORDERS["probe"] is first


def test_each_way_of_taking_holds_the_declared_key_in_its_mode(db):
    lock = probe()
    for take, mode in (
        (lock.acquire, "ExclusiveLock"),
        (lock.acquire_shared, "ShareLock"),
        (lock.try_acquire, "ExclusiveLock"),
    ):
        mark = transaction.savepoint()
        take()
        assert held() == [(PROBE_KEY, mode)]
        transaction.savepoint_rollback(mark)
        assert held() == []


def test_a_guard_takes_the_declared_key(db):
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN {probe().acquire_shared_in_guard()} END $$")
    assert held() == [(PROBE_KEY, "ShareLock")]


def test_try_does_not_wait_for_who_holds_the_lock(committed_database):
    lock = probe()
    with transaction.atomic():
        lock.acquire()
        assert in_another_transaction(lock.try_acquire) is False
    assert in_another_transaction(lock.try_acquire) is True


def test_a_lock_is_taken_in_its_declared_modes_only(db):
    exclusive = probe(modes=frozenset({Mode.EXCLUSIVE}))
    shared = probe("probe.other", 5_300_002, -2, frozenset({Mode.SHARED}))
    for take in (
        exclusive.acquire_shared,
        exclusive.try_acquire,
        exclusive.acquire_shared_in_guard,
        shared.acquire,
        shared.try_acquire,
    ):
        with pytest.raises(ModeNotDeclared):
            take()
    assert held() == []


def test_a_lock_needs_a_transaction(committed_database):
    with pytest.raises(TakenOutsideTransaction, match="probe"):
        probe().acquire()


def test_each_subject_has_a_lock_of_its_own(db):
    lock = probe(modes=frozenset({Mode.EACH}))
    with pytest.raises(ModeNotDeclared):
        lock.share_for("one")
    lock.acquire_for("one")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT classid::bigint, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND classid = %s AND objid = (hashtext('one')::bigint & 4294967295)::oid",
            [PROBE_KEY],
        )
        assert cursor.fetchall() == [(PROBE_KEY, "ExclusiveLock")]
        cursor.execute(f"DO $$ BEGIN {lock.acquire_for_in_guard(chr(39) + 'one' + chr(39))} END $$")

    def other(subject: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s::int, hashtext(%s))", [PROBE_KEY, subject])
            return cursor.fetchone()[0]

    assert [in_another_transaction(lambda name=name: other(name)) for name in ("one", "two")] == [False, True]
    with pytest.raises(ModeNotDeclared):
        lock.acquire()


def test_who_shares_a_subject_waits_only_for_who_holds_it_alone(db):
    lock = probe(modes=frozenset({Mode.EACH, Mode.EACH_SHARED}))
    lock.share_for("one")
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN {lock.share_for_in_guard(chr(39) + 'one' + chr(39))} END $$")

    def other(function: str) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s::int, hashtext('one'))", [PROBE_KEY])
            return cursor.fetchone()[0]

    free = [
        in_another_transaction(lambda name=name: other(name))
        for name in ("pg_try_advisory_xact_lock", "pg_try_advisory_xact_lock_shared")
    ]
    assert free == [False, True]
