"""A row that a loop cannot process stands aside, is tried again at growing pauses, and holds back no other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace.kernel.aside import FAILURES_MAX, PAUSE_MAX, Loop, rows_standing_aside
from marketplace.kernel.models import AsideRow

pytestmark = pytest.mark.django_db
LOOP = Loop("kernel.probe")


class Work:
    """Remembers the rows that it was given; fails for the poisonous ones."""

    def __init__(self, *poison: str) -> None:
        """``poison``: rows for which it fails."""
        self.poison, self.done = set(poison), []

    def one(self, row: str) -> int:
        if row in self.poison:
            raise ValueError(f"{row}\x00 is poison")
        self.done.append(row)
        return 1

    def many(self, rows: list[str]) -> int:
        with transaction.atomic():
            return sum(self.one(row) for row in rows)


def aside() -> list[tuple[str, int, bool]]:
    """Subject, failures and whether it has ended, of each row that ever failed."""
    return [(row.subject, row.failures, row.ended_at is not None) for row in AsideRow.objects.order_by("pk")]


def let_pause_pass() -> None:
    AsideRow.objects.filter(next_at__isnull=False).update(
        next_at=timedelta(0) + AsideRow.objects.first().since
    )


def test_the_others_go_on_and_the_row_is_recorded():
    work = Work("b")
    assert LOOP.each(["a", "b", "c"], work.one) == 2
    assert work.done == ["a", "c"]
    (row,) = AsideRow.objects.all()
    assert (row.loop, row.subject, row.error) == ("kernel.probe", "b", "ValueError: b  is poison")


def test_a_row_stands_aside_after_its_last_failure_and_is_passed_over():
    work = Work("a")
    for _ in range(FAILURES_MAX + 2):
        LOOP.each(["a", "b"], work.one)
    assert aside() == [("a", FAILURES_MAX, False)]
    assert LOOP.standing_aside() == ["a"]
    assert [row.subject for row in rows_standing_aside()] == ["a"]


def test_pauses_grow_up_to_an_hour():
    LOOP.each(["a"], Work("a").one)
    pauses = []
    for _ in range(FAILURES_MAX + 9):
        let_pause_pass()
        before = AsideRow.objects.get().failures
        LOOP.each(["a"], Work("a").one)
        row = AsideRow.objects.get()
        assert row.failures == before + 1
        pauses.append(row.next_at - row.since)
    assert max(pauses) <= PAUSE_MAX + timedelta(minutes=1)
    assert pauses == sorted(pauses)


def test_a_repaired_row_comes_back():
    for _ in range(FAILURES_MAX):
        LOOP.each(["a"], Work("a").one)
    let_pause_pass()
    work = Work()
    assert LOOP.each(["a"], work.one) == 1
    assert (work.done, aside(), list(rows_standing_aside())) == (["a"], [("a", FAILURES_MAX, True)], [])


def test_a_row_that_is_no_longer_due_stands_aside_no_longer():
    LOOP.each(["a", "b"], Work("a", "b").one)
    LOOP.each(["c"], Work().one, are_all=False)
    assert aside() == [("a", 1, False), ("b", 1, False)]
    LOOP.each(["b"], Work("b").one)
    assert aside() == [("a", 1, True), ("b", 2, False)]


def test_rows_at_once_go_by_themselves_when_they_fail():
    work = Work("b")
    assert LOOP.together(["a", "b", "c"], work.many) == 2
    assert work.done[-2:] == ["a", "c"]
    assert aside() == [("b", 1, False)]
    work.poison.clear()
    assert LOOP.together(["b", "d"], work.many) == 2
    assert aside() == [("b", 1, True)]
    assert LOOP.together([], work.many) == 0


def test_what_nobody_tries_again_waits_for_a_person():
    LOOP.set_aside("a", "sealed by its hash", for_good=True)
    work = Work()
    assert LOOP.each(["a"], work.one) == 0
    assert (work.done, LOOP.error_of("a"), LOOP.error_of("b")) == ([], "sealed by its hash", None)
    assert [row.subject for row in rows_standing_aside()] == ["a"]


def test_a_failed_statement_ends_no_transaction_of_the_loop():
    def fail(row: str) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / %s", [int(row)])
        return 1

    assert LOOP.each(["0", "1"], fail) == 1
    assert [subject for subject, _, _ in aside()] == ["0"]


def test_a_row_stands_aside_once_at_a_time():
    LOOP.set_aside("a", "first")
    with pytest.raises(IntegrityError, match="aside_row_once"), transaction.atomic():
        AsideRow.objects.create(
            loop=LOOP.name, subject="a", error="second", since=AsideRow.objects.get().since
        )
    assert aside() == [("a", 1, False)]
