"""Addresses that do not exist: a page for people, problem details within the API."""

from __future__ import annotations

import pytest

from .reading import read, reader_of


@pytest.mark.parametrize(("language", "words"), [("ja", "ページが見つかりません"), ("en", "Page not found")])
def test_an_unknown_page_is_told_of_without_the_database(language, words):
    response = reader_of(language).get("/no-such-page/")
    assert response.status_code == 404
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert words in read(response).text


def test_an_address_is_not_repeated_on_the_page(db):
    response = reader_of("en").get("//elsewhere.example/<script>/")
    assert response.status_code == 404
    assert b"elsewhere" not in response.content


@pytest.mark.parametrize(
    ("language", "title", "detail"),
    [
        (
            "ja",
            "見つかりません",
            "このアドレスのAPIはありません。一覧は /api/v1/openapi.json にあります。",
        ),
        (
            "en",
            "Not found",
            "The API has no such address; /api/v1/openapi.json lists those there are.",
        ),
    ],
)
def test_an_unknown_address_of_the_api_is_a_problem(db, language, title, detail):
    response = reader_of(language).get("/api/v1/no-such-route/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response["Vary"] == "Accept-Language"
    body = response.json()
    assert body.pop("request_id") == response["X-Request-ID"]
    assert body == {
        "type": "urn:sanpo:problem:not_found",
        "title": title,
        "status": 404,
        "code": "not_found",
        "detail": detail,
    }


def test_a_missing_record_of_the_api_stays_the_apis_own_problem(api, db):
    response = api.get("/api/v1/cycles/cyc_none/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"
