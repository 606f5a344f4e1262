"""The front page: in both languages, with links that answer, as cheap for many rows as for one."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urljoin

import pytest

from tests.rules import factories as rules

from .reading import read, reader_of

LANGUAGES = ["ja", "en"]


def follow(client, reading, page="/"):
    """The status of everything that a page links to, by address; of a place on the page, whether it is there."""
    answers = {}
    for link in reading.links:
        if link.startswith("#"):
            answers[link] = 200 if link[1:] in reading.anchors else 404
        else:
            answers[link] = client.get(urljoin(page, link)).status_code
    return answers


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_answers_anybody(trading_market, language):
    trading_market(1)
    client = reader_of(language)
    answers = follow(client, read(client.get("/")))
    assert {link: status for link, status in answers.items() if status != 200} == {}
    assert "/api/v1/rulebooks/current/" in answers
    assert "/api/v1/catalogue.jsonld" in answers
    assert len(answers) == 23


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_an_empty_market_answers_anybody(db, language):
    client = reader_of(language)
    answers = follow(client, read(client.get("/")))
    assert {link: status for link, status in answers.items() if status != 200} == {}
    assert "/api/v1/rulebooks/current/" not in answers
    assert "/api/v1/catalogue.jsonld" not in answers
    assert len(answers) == 20


def test_everything_the_page_loads_is_served_from_here(db, settings):
    settings.WHITENOISE_USE_FINDERS = True
    client = reader_of("en")
    loads = read(client.get("/")).loads
    assert sorted(set(loads)) == ["/static/web/mark.svg", "/static/web/pages.css"]
    for address in loads:
        with closing(client.get(address)) as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three_rows(trading_market, django_assert_num_queries, count):
    keys = trading_market(count)
    client = reader_of("en")
    with django_assert_num_queries(5):
        response = client.get("/")
    page = read(response)
    assert [key for key in keys if key not in page.text] == []


def test_a_cycle_shows_its_figures_and_hashes(trading_market):
    (key,) = trading_market(1)
    shown = reader_of("ja").get("/api/v1/cycles/", {"business_key": key}).json()["results"][0]
    text = read(reader_of("ja").get("/")).text
    assert shown["gross_minor"] == 11_550
    assert shown["net_minor"] == 11_000
    hashes = [shown["input_hash"], shown["output_hash"], shown["merkle_root"]]
    assert [words for words in ["¥11,550", "¥11,000", *hashes] if words not in text] == []


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ["第1版", "なし", "売り手よし"]), ("en", ["No. 1", "None yet", "Good for the seller"])],
)
def test_the_rulebook_in_force_is_named(db, language, words):
    number, none, creed = words
    client = reader_of(language)
    before = read(client.get("/")).text
    rules.publish()
    after = read(client.get("/")).text
    assert [none in before, number in before, creed in before] == [True, False, True]
    assert [none in after, number in after, creed in after] == [False, True, True]


def test_the_page_changes_nothing(db):
    client = reader_of("en")
    assert client.post("/").status_code == 405
    assert client.head("/").status_code == 200


def test_crawlers_are_told_what_to_leave_alone(client):
    response = client.get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().splitlines() == [
        "User-agent: *",
        "Disallow: /accounts/",
        "Disallow: /oauth/",
    ]
