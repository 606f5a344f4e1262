"""Old rows leave in chunks, each of which goes on where the last one ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.api.models import IdempotencyRecord
from marketplace.kernel import retention
from marketplace.kernel.clock import real_now
from marketplace.kernel.retention import by_statement
from tests.roles import as_owner

pytestmark = pytest.mark.django_db
TABLE = IdempotencyRecord._meta.db_table
OLD = timedelta(days=10)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 5)


def keep(count: int, *, old: bool) -> None:
    """As many records, old or new."""
    created_at = real_now() - (OLD if old else timedelta())
    made = IdempotencyRecord.objects.count()
    IdempotencyRecord.objects.bulk_create(
        IdempotencyRecord(caller="a", key=f"{made + number}", request_digest="x", created_at=created_at)
        for number in range(count)
    )


def test_a_chunk_begins_where_the_last_one_ended():
    """What a chunk deleted stays in the table until a vacuum: whoever began at its start each time would read it again."""
    keep(20, old=True)
    keys = list(IdempotencyRecord.objects.order_by("id").values_list("id", flat=True))
    remove, before = by_statement(TABLE, "created_at < %(before)s"), real_now() - OLD / 2
    with as_owner(), CaptureQueriesContext(connection) as sent:
        assert [remove(before) for _ in range(5)] == [5, 5, 5, 5, 0]
    looked = [
        found for query in sent.captured_queries if (found := re.search(r"id > (\d+) AND", query["sql"]))
    ]
    assert [int(found[1]) for found in looked] == [0, *keys[4::5]]
    assert IdempotencyRecord.objects.count() == 0


def test_what_is_not_old_is_passed_over_and_stays():
    keep(7, old=False)
    keep(7, old=True)
    keep(3, old=False)
    remove, before = by_statement(TABLE, "created_at < %(before)s"), real_now() - OLD / 2
    with as_owner():
        assert [remove(before) for _ in range(3)] == [5, 2, 0]
    assert IdempotencyRecord.objects.count() == 10


def test_the_next_run_begins_at_the_start():
    keep(3, old=False)
    remove = by_statement(TABLE, "created_at < %(before)s")
    with as_owner():
        assert remove(real_now() - OLD / 2) == 0
        assert remove(real_now() + OLD) == 3
        keep(2, old=True)
        before = real_now() - OLD / 2
        assert [remove(before), remove(before)] == [2, 0]
