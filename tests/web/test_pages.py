"""What holds on every page: its language, who may keep it, what it may load, and who can use it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from web.texts import TEXTS

from .reading import read, reader_of

ADDRESSES = ["/", "/no-such-page/", "/register/", "/ns/odrl"]


@pytest.mark.parametrize(
    ("address", "accepted", "language"),
    [
        ("/", "ja", "ja"),
        ("/", "en-GB,en;q=0.9", "en"),
        ("/", "ja-JP,en;q=0.5", "ja"),
        ("/", "fr,ja;q=0.5,en;q=0.4", "ja"),
        ("/", "fr", "en"),
        ("/", "ja;q=0", "en"),
        ("/", "", "en"),
        ("/", "nonsense;;q=q", "en"),
        ("/?language=en", "ja", "en"),
        ("/?language=ja", "en", "ja"),
        ("/?language=xx", "ja", "ja"),
        ("/no-such-page/", "ja", "ja"),
        ("/no-such-page/?language=ja", "en", "ja"),
    ],
)
def test_a_page_is_in_the_language_asked_for(db, address, accepted, language):
    response = reader_of(accepted).get(address)
    assert response["Content-Language"] == language
    assert read(response).attributes("html") == [{"lang": language}]


def test_a_cookie_does_not_change_the_language(db):
    client = reader_of("en")
    client.cookies["django_language"] = "ja"
    assert client.get("/")["Content-Language"] == "en"


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_page_offers_both_languages_and_says_which_one_it_is_in(db, address, language):
    links = [
        (link["href"], link["lang"], link.get("aria-current"))
        for link in read(reader_of(language).get(address)).attributes("a")
        if "hreflang" in link
    ]
    assert links == [
        ("?language=ja", "ja", "true" if language == "ja" else None),
        ("?language=en", "en", "true" if language == "en" else None),
    ]


def test_a_shared_cache_may_keep_the_front_page_for_a_minute(db):
    response = reader_of("en").get("/")
    assert response["Cache-Control"] == "public, max-age=60"
    assert response["Vary"] == "Accept-Language"
    assert response.cookies == {}


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_may_load_nothing_from_elsewhere_and_runs_no_script(db, address):
    response = reader_of("en").get(address)
    assert sorted(response["Content-Security-Policy"].split("; ")) == [
        "base-uri 'none'",
        "default-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "script-src 'none'",
    ]
    page = read(response)
    assert page.attributes("script") + page.attributes("style") == []
    assert [attributes for _, attributes in page.elements if "style" in attributes] == []
    assert [link for link in page.links + page.loads if "//" in link] == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_has_landmarks_one_main_heading_and_a_skip_link(db, address):
    page = read(reader_of("en").get(address))
    for landmark in ("header", "nav", "main", "footer", "h1", "title"):
        assert len(page.attributes(landmark)) == 1, landmark
    assert page.links[0] == "#content"
    assert page.attributes("main") == [{"id": "content", "tabindex": "-1"}]
    assert len(page.anchors) == len(set(page.anchors))
    assert [image for image in page.attributes("img") if "alt" not in image] == []
    headings = [int(tag[1]) for tag, _ in page.elements if tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert [deeper - above for above, deeper in pairwise(headings) if deeper > above + 1] == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_text_is_on_a_page(trading_market, language):
    client = reader_of(language)
    text = read(client.get("/")).text
    trading_market(1)
    text += read(client.get("/")).text + read(client.get("/no-such-page/")).text
    text += read(client.get("/ns/odrl")).text
    unsaid = [
        name
        for name, label in TEXTS.items()
        if any(part not in text for part in label.in_language(language).replace("{", "}").split("}")[::2])
    ]
    assert unsaid == []
