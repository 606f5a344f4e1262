"""Every list of the API refuses cursors and sizes of a page that it did not offer, whoever asks."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

import pytest
from django.db.models import IntegerField
from django.urls import URLPattern, URLResolver, get_resolver
from django_filters import NumberFilter

from marketplace.api.filters import StrictFilterBackend, WholeNumberFilter
from marketplace.api.pagination import POSITION_MAX, MarketCursorPagination

FORGED = (
    "p=abc", "p=1\0", "p=2026-01-01", "p=", "p=1.5", "p=1e3", "p=١", "p=" + "9" * 5_000, "o=" + "9" * 5_000,
    "o=-1", "r=x", f"p={POSITION_MAX + 1}", "p=" + "9" * 19, "p=None", "p= 1", "p=1\n",
)  # fmt: skip


def cursor(text: str) -> str:
    return b64encode(text.encode()).decode()


def lists() -> dict[str, Any]:
    """Every list of the API: a path to it → its view."""
    found: dict[str, Any] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith("api/v1/") and "<" not in path:
                actions = getattr(pattern.callback, "actions", None) or {}
                if actions.get("get") == "list":
                    found["/" + re.sub(r"[\^$]", "", path)] = pattern.callback.cls

    walk(get_resolver().url_patterns, "")
    return found


LISTS = lists()
EXPECTED = "/api/v1/expected-payments/"


def test_there_are_lists():
    assert {"/api/v1/catalogue/", "/api/v1/evidence/checkpoints/", "/api/v1/trades/"} <= set(LISTS)
    assert len(LISTS) > 40


def test_no_filter_reads_a_number_of_any_size():
    """As a decimal, -1e700000 is nine characters; as an integer it keeps a process busy for minutes."""
    filters = {
        (path, name): each
        for path, view in LISTS.items()
        if (chosen := StrictFilterBackend().get_filterset_class(view(), view.queryset)) is not None
        for name, each in chosen.base_filters.items()
    }
    assert ("/api/v1/restorations/", "number") in filters
    unbounded = {
        key
        for key, each in filters.items()
        if isinstance(each, NumberFilter) and not isinstance(each, WholeNumberFilter)
    }
    assert unbounded == set()


@pytest.mark.parametrize("number", ["-1e700000", "1e5", "1.5", "-1", "9" * 4_000, str(2**63)])
def test_a_number_to_filter_by_is_whole_and_within_bounds(acting, number):
    answer = acting.get("/api/v1/restorations/", {"number": number})
    fields = {error["field"] for error in answer.json()["errors"]}
    assert (answer.status_code, fields) == (422, {"number"})


def test_every_list_goes_on_after_a_whole_number():
    keys = {
        path: view.serializer_class.Meta.model._meta.pk
        for path, view in LISTS.items()
        if issubclass(view.pagination_class or object, MarketCursorPagination)
        and hasattr(view.serializer_class, "Meta")
    }
    assert len(keys) > 40
    assert {path for path, key in keys.items() if not isinstance(key, IntegerField)} == set()


@pytest.mark.parametrize("path", [*sorted(LISTS), EXPECTED])
def test_a_forged_cursor_is_refused(acting, path):
    for text in FORGED:
        answer = acting.get(path, {"cursor": cursor(text)})
        assert (text[:20], answer.status_code, answer.json()["code"]) == (text[:20], 404, "not_found")
    for text in ("p", "é", "====", "p=1"):
        assert acting.get(path, {"cursor": text}).status_code in (200, 404)
    assert acting.get(path, {"cursor": cursor(f"p={POSITION_MAX}")}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/v1/catalogue/", "/api/v1/catalogue/?text=a", "/api/v1/evidence/checkpoints/"]
)
def test_a_forged_cursor_of_nobody_is_refused(api, db, path):
    answers = [api.get(path + ("&" if "?" in path else "?") + f"cursor={cursor(text)}") for text in FORGED]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}


@pytest.mark.parametrize("size", ["abc", "-1", "0", "1.5", "", "٣", "9" * 5_000])
@pytest.mark.parametrize("path", ["/api/v1/catalogue/", "/api/v1/trades/", EXPECTED])
def test_a_size_of_a_page_that_is_no_number_from_one_is_refused(acting, path, size):
    answer = acting.get(path, {"page_size": size})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["page_size"])
