"""Finding listings by words in Japanese and English."""

import pytest
from django.db import connection

from listings import queries
from listings.models import Listing
from listings.search import search_condition, substring_pairs, words

from . import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def catalogue(seller):
    """Three listings on sale, by name."""
    stated = {
        "weather": {
            "title": {"ja": "シアトルの日別気象", "en": "Daily weather of Seattle"},
            "description": {"ja": "降水量と最高・最低気温。", "en": "Precipitation and temperatures a day."},
            "keywords": ["気象", "weather"],
        },
        "postal": {
            "title": {"ja": "全国郵便番号データ", "en": "Postal codes of Japan"},
            "description": {"ja": "約12万件。都道府県と町域。", "en": "Prefectures and neighbourhoods."},
            "keywords": ["郵便番号", "住所"],
        },
        "airports": {
            "title": {"ja": "米国の空港一覧", "en": "Airports of the United States"},
            "description": {
                "ja": "空港の位置。気象の観測所としても使われる。",
                "en": "Code and coordinates.",
            },
            "keywords": ["空港", "位置"],
        },
    }
    return {
        name: factories.published(seller, **description).listing.public_id
        for name, description in stated.items()
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("郵便番号", ["postal"]),
        ("郵便の番号", ["postal"]),
        ("最高気温", ["weather"]),
        ("気温", ["weather"]),
        ("空港", ["airports"]),
        ("temperature", ["weather"]),
        ("airport", ["airports"]),
        ("ＳＥＡＴＴＬＥ", ["weather"]),
        ("１２万件", ["postal"]),
        ("ghbourh", ["postal"]),
        ("便番", ["postal"]),
        ("港一", ["airports"]),
        ("番ル", []),
        ("魚", []),
        ("気象 郵便", []),
        ("'; DROP TABLE", []),
        ("%", []),
        ("の", []),
    ],
)
def test_words_find_listings(catalogue, text, expected):
    found = [row.public_id for row in queries.search_listings(queries.catalogue(), text)]
    assert found == [catalogue[name] for name in expected]


def test_a_title_weighs_more_than_a_description(catalogue):
    found = [row.public_id for row in queries.search_listings(queries.catalogue(), "気象")]
    assert found == [catalogue["weather"], catalogue["airports"]]


def test_the_catalogue_is_newest_first(catalogue):
    assert [row.public_id for row in queries.catalogue()] == list(catalogue.values())[::-1]


def test_a_search_can_use_both_indexes(catalogue):
    with connection.cursor() as cursor:
        # A table of three rows is read whole otherwise.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    condition, _ = search_condition("気象観測")
    plan = Listing.objects.filter(condition).explain()
    assert "Bitmap Index Scan on listing_search" in plan
    assert "Bitmap Index Scan on listing_substring" in plan


def test_two_characters_are_searched_by_an_index_of_pairs(catalogue):
    condition, _ = search_condition("便番")
    with queries.searching():
        plan = Listing.objects.filter(condition).explain()
    assert "Bitmap Index Scan on listing_search" in plan
    assert "Bitmap Index Scan on listing_pairs" in plan


def test_pairs_have_a_letter_beyond_ascii_and_no_space():
    assert substring_pairs("Ab 約1 \n番号X") == sorted(["番号", "約1", "号x"])


@pytest.mark.parametrize("text", ["気象観測", "satellite"])
def test_a_search_reads_by_indexes_on_one_core_and_nothing_else_does(catalogue, text):
    condition, _ = search_condition(text)

    def settings():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('enable_seqscan'), current_setting('max_parallel_workers_per_gather')"
            )
            return cursor.fetchone()

    before = settings()
    with queries.searching():
        assert settings() == ("off", "0")
        plan = Listing.objects.filter(condition).explain()
    assert "Seq Scan" not in plan
    assert before == ("on", "2")


def test_what_a_search_reads_stays_in_the_row():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = 'listings_listing'::regclass AND attname = 'search'"
        )
        assert cursor.fetchone() == ("m",)


def test_particles_and_marks_are_no_words():
    assert words("シアトルの日別気象、２０１２年～") == ["シアトル", "日別", "気象", "2012", "年"]


def test_long_texts_are_cut_into_pieces():
    assert len(words("気象 " * 5_000)) == 5_000
