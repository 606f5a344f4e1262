"""What is made once for many tests: each begins with it as it was made, and leaves nothing to the next."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection, transaction

from marketplace.participants.models import Organisation
from tests import standing
from tests.participants import factories
from tests.standing import made_once


@made_once
def first() -> list[Organisation]:
    """One organisation, in a list that tests may change."""
    return [factories.organisation("first")]


@made_once
def second(first: list[Organisation]) -> Organisation:
    """Another, which is added to the list."""
    first.append(factories.organisation("second"))
    return first[-1]


@pytest.mark.parametrize("time", range(3))
def test_a_test_begins_with_what_was_made_and_not_with_what_another_did(first, time):
    assert [len(first), Organisation.objects.count()] == [1, 1]
    first.append(factories.organisation(f"made by {time}"))
    assert Organisation.objects.count() == 2


@pytest.mark.parametrize("time", range(3))
def test_what_is_made_upon_another_shares_its_objects(first, second, time):
    assert first == list(Organisation.objects.order_by("pk"))
    assert first[-1] is second
    second.is_operator = bool(time)
    second.save()


def test_who_begins_with_less_finds_less(first):
    assert [each.pk for each in first] == list(Organisation.objects.values_list("pk", flat=True))


def test_who_begins_with_nothing_finds_nothing(db):
    assert Organisation.objects.count() == 0


def test_a_database_of_its_own_has_it_made_in_it(committed_database, first):
    assert Organisation.objects.count() == 1


def test_what_a_test_broke_is_taken_back_too(first):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        factories.organisation("never")
        raise ZeroDivisionError
    transaction.set_rollback(True)


def test_the_next_finds_it_again(first):
    assert Organisation.objects.count() == 1


def test_a_test_that_closes_its_connection_costs_the_next_nothing(first):
    connection.close()


def test_it_is_made_anew_where_its_connection_is_gone(first):
    assert Organisation.objects.count() == 1


def test_what_is_old_serves_nobody(first, monkeypatch):
    """The limit is shortened, so that what stands is old at once."""
    monkeypatch.setattr(standing, "SECONDS_MAX", -1)
    assert [each for each in standing._stack if each.serves(each.make)] == []


@made_once
def counted() -> int:
    """How often a cache was told so, this time included."""
    cache.add("made", 0)
    return cache.incr("made")


@pytest.mark.parametrize("time", range(2))
def test_what_is_made_anew_finds_no_cache_of_the_time_before(counted, time):
    assert counted == 1
    standing.clear()
    assert cache.get("made") is None
