"""Searches that several organisations made are kept in the order that was shown, and tell of nobody."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from listings.models import SEARCHES_A_DAY_MAX, ShownSearch
from listings.neutrality import shown_searches
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from marketplace.kernel.retention import OLD_ROWS
from marketplace.rules.neutrality.periods import Period
from tests.participants import factories as participants
from tests.roles import as_owner, assert_refused, unguarded

from . import factories

pytestmark = pytest.mark.django_db

PATH = "/api/v1/catalogue/"
NOON = datetime(2030, 4, 1, 3, 0, tzinfo=UTC)
TEXT = "Takamatsu temperatures"


@pytest.fixture(autouse=True)
def catalogue():
    """Two listings for sale, on a day on which nobody has searched: the cache still knows those of other tests."""
    clock.move_to(NOON + timedelta(days=2 * random.randrange(10_000)), running=False)
    seller = factories.seller()
    return [factories.published(seller), factories.published(seller, keywords=["Takamatsu", "temperatures"])]


def search(*labels: str, text: str = TEXT, **more: str) -> list[str]:
    """Each of these organisations searches; the listings that the last was shown, in order."""
    shown = []
    for label in labels:
        client = participants.client_of(participants.organisation(label))
        answer = client.get(PATH, {"text": text, **more})
        shown = [row["id"] for row in answer.json()["results"]]
    return shown


def test_what_three_organisations_searched_for_is_kept_as_it_was_shown():
    search("A", "B")
    assert not ShownSearch.objects.exists()
    shown = search("C", "D")
    (kept,) = ShownSearch.objects.all()
    assert (kept.day, kept.number, kept.searchers) == (clock.today(), 1, 3)
    assert [listing for listing, _, _ in kept.results] == shown
    assert len(shown) == 2
    assert {"takamatsu", "temperatur"} <= set(kept.words)


def test_one_organisation_is_one_however_often_it_searches(api):
    subject = participants.client_of(participants.organisation("A"))
    for _ in range(4):
        subject.get(PATH, {"text": TEXT})
        api.get(PATH, {"text": TEXT})
    participants.client_of(participants.operator(), roles=("auditor",)).get(PATH, {"text": TEXT})
    search("B")
    assert not ShownSearch.objects.exists()
    search("C")
    assert ShownSearch.objects.count() == 1


def test_words_that_no_listing_states_are_not_kept():
    search("A", "B", "C", text="Takamatsu 山田花子")
    assert not ShownSearch.objects.filter(words__contains=["花子"]).exists()
    search("A", "B", "C", text="山田花子")
    assert not any("花子" in str(row.words) for row in ShownSearch.objects.all())


def test_a_search_with_other_filters_is_not_kept():
    search("A", "B", "C", segment="environment")
    assert not ShownSearch.objects.exists()


def test_another_day_counts_anew():
    search("A", "B")
    clock.move_to(clock.now() + timedelta(days=1), running=False)
    search("C")
    assert not ShownSearch.objects.exists()


def test_a_bundle_shows_the_order_that_was_shown_with_what_it_follows_from():
    shown = search("A", "B", "C")
    day = clock.today()
    (sample,) = shown_searches(Period(day, day))
    assert (sample["shown_on"], [each["listing"] for each in sample["results"]]) == (day.isoformat(), shown)
    assert all(each["version"].startswith("lsv_") and each["places"] for each in sample["results"])
    assert list(shown_searches(Period(day + timedelta(days=1), day + timedelta(days=1)))) == []


@pytest.mark.parametrize("texts", [(TEXT,), (TEXT, "Takamatsu", "temperatures")])
def test_a_bundle_reads_the_searches_of_a_day_at_once(texts, django_assert_num_queries):
    for place, text in enumerate(texts):
        clock.move_to(clock.now() + timedelta(hours=place), running=False)
        search("A", "B", "C", text=text)
    day = clock.today()
    with django_assert_num_queries(3):
        found = list(shown_searches(Period(day, day)))
    assert len(found) == len(texts)
    for each in found:
        assert [set(row["places"]) <= set(each["words"]) for row in each["results"]] == [True, True]


def test_a_day_keeps_so_many():
    row = {"day": clock.today(), "searchers": 3, "others": 0, "is_either": True, "results": []}
    ShownSearch.objects.bulk_create(
        ShownSearch(number=at + 1, words=[f"w{at}"], **row) for at in range(SEARCHES_A_DAY_MAX)
    )
    search("A", "B", "C")
    assert ShownSearch.objects.count() == SEARCHES_A_DAY_MAX
    with pytest.raises(IntegrityError, match="shown_search_bounded"), transaction.atomic():
        ShownSearch.objects.create(number=SEARCHES_A_DAY_MAX + 1, words=["more"], **row)


def test_what_was_kept_costs_a_later_search_nothing():
    search("A", "B", "C")
    client = participants.client_of(participants.organisation("D"))
    with CaptureQueriesContext(connection) as sent:
        client.get(PATH, {"text": TEXT})
    assert [query["sql"] for query in sent.captured_queries if "listings_shownsearch" in query["sql"]] == []
    assert ShownSearch.objects.get().searchers == 3


def test_nobody_takes_the_places_of_a_day_in_its_first_hour():
    midnight = clock.now().astimezone(clock.market_zone()).replace(hour=0, minute=10)
    clock.move_to(midnight + timedelta(days=1), running=False)
    row = {"day": clock.today(), "searchers": 3, "others": 0, "is_either": True, "results": []}
    ShownSearch.objects.bulk_create(ShownSearch(number=at + 1, words=[f"w{at}"], **row) for at in range(2))
    search("A", "B", "C")
    assert ShownSearch.objects.count() == 2
    clock.move_to(clock.now() + timedelta(hours=1), running=False)
    search("D")
    assert ShownSearch.objects.count() == 3


def test_what_few_searched_for_is_refused_and_found():
    search("A", "B", "C")
    few = "UPDATE listings_shownsearch SET searchers = 2"
    assert_refused(lambda: execute(few), because="cannot be changed|shown_search_of_several")
    assert_refused(lambda: execute("DELETE FROM listings_shownsearch"), because="are kept")
    with unguarded("listings_shownsearch"):
        execute("ALTER TABLE listings_shownsearch DROP CONSTRAINT shown_search_of_several")
        execute(few)
    found = verify_all("listings")["listings.shown_searches_tell_of_nobody"]
    assert [row["number"] for row in found] == [1]


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_old_ones_leave():
    search("A", "B", "C")
    remove = OLD_ROWS["shown_searches"].remove
    with as_owner():
        assert remove(clock.now()) == 0
        assert remove(clock.now() + timedelta(days=1)) == 1
    assert not ShownSearch.objects.exists()
