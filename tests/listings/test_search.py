"""Finding listings by words in Japanese and English."""

import pytest
from django.db import connection

from listings import queries
from listings.models import Listing
from listings.search import search_condition, words

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


def test_particles_and_marks_are_no_words():
    assert words("シアトルの日別気象、２０１２年～") == ["シアトル", "日別", "気象", "2012", "年"]


def test_long_texts_are_cut_into_pieces():
    assert len(words("気象 " * 5_000)) == 5_000
