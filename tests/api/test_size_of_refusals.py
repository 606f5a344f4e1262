"""A refusal is small and quick whatever it refuses, and names what it refuses wherever it stands."""

from __future__ import annotations

import json
import time

import pytest
from django.urls import get_resolver

from marketplace.api.parsers import VALUES_MAX
from marketplace.api.problems import ERRORS_MAX, FIELD_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from marketplace.api.serializers import LISTS, StrictSerializer
from marketplace.webhooks.models import Webhook
from tests.participants.factories import client_of, organisation

from .test_conventions import NEW

JSON = "application/json"
ORGANISATIONS, WEBHOOKS, NEGOTIATIONS = (
    f"/api/v1/{name}/" for name in ("organisations", "webhooks", "negotiations")
)
ANSWER_BYTES_MAX = 40_000
CPU_SECONDS_MAX = 5.0
"""Many times what it takes; before names and values were counted, the first case took 10 s and answered 23 MB."""

MANY = VALUES_MAX // 2 - 50
HOSTILE = {
    "more values than are read": json.dumps({f"k{number}": number for number in range(100_000)}),
    "a list of more than is read": json.dumps([{}] * 400_000),
    "many unknown fields": json.dumps({f"k{number}": 1 for number in range(MANY)}),
    "many unknown fields within": json.dumps({"terms": {f"k{number}": 1 for number in range(MANY)}}),
    "a long name": json.dumps({"k" * 2_000_000: 1}),
    "long names": json.dumps({f"{number}{'名' * 10_000}": 1 for number in range(30)}),
    "a long right": json.dumps({"listing": "l", "reference": "r", "terms": {"rights": {"k" * 2_000_000: 1}}}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_many_or_long_fields_cost_little_and_are_answered_shortly(acting, case):
    began = time.process_time()
    answer = acting.post(NEGOTIATIONS, HOSTILE[case], content_type=JSON)
    assert time.process_time() - began < CPU_SECONDS_MAX
    assert answer.status_code in (400, 403, 404, 422)
    assert len(answer.content) < ANSWER_BYTES_MAX


def test_json_of_many_values_is_malformed(acting):
    answer = acting.post(ORGANISATIONS, json.dumps([0] * (VALUES_MAX + 1)), content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert f"{VALUES_MAX:,}" in answer.json()["detail"]
    assert acting.post(ORGANISATIONS, json.dumps([0] * VALUES_MAX), content_type=JSON).status_code == 422


def test_the_first_errors_are_named_and_the_others_counted(acting):
    many = {f"k{number:04}": 1 for number in range(ERRORS_MAX + 5)}
    body = acting.post(ORGANISATIONS, NEW | many, HTTP_ACCEPT_LANGUAGE="en").json()
    assert [error["field"] for error in body["errors"]] == sorted(many)[:ERRORS_MAX]
    assert body["errors_left_out"] == 5
    assert body["detail"].endswith("; and 5 more")
    few = acting.post(ORGANISATIONS, NEW | {"colour": 1}).json()
    assert "errors_left_out" not in few


def test_a_long_field_is_named_by_its_beginning(acting):
    body = acting.post(ORGANISATIONS, NEW | {"k" * 5_000: 1}).json()
    (error,) = body["errors"]
    assert error["field"] == "k" * (FIELD_CHARACTERS_MAX - 1) + "…"
    body = acting.post(ORGANISATIONS, NEW | {"kind": "k" * 100_000}).json()
    assert len(body["errors"][0]["message"]) == TEXT_CHARACTERS_MAX
    assert len(body["detail"]) == TEXT_CHARACTERS_MAX


@pytest.mark.parametrize("element", ["", "x" * 81, "a\0b", {"a": 1}], ids=["empty", "long", "nul", "no text"])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_invalid_element_is_named_by_its_index(acting, element, index):
    types = ["trade.secured"] * 3
    types[index] = element
    answer = acting.post(WEBHOOKS, {"url": "https://hooks.example.jp/x", "event_types": types})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [f"event_types.{index}"]
    assert Webhook.objects.count() == 0


@pytest.mark.parametrize(
    ("is_seller", "path", "field", "elements"),
    [
        (True, "listings/", "keywords", ["a", ""]),
        (True, "listings/lst_1/revise/", "keywords", ["a", "x" * 101]),
        (False, "clearing-schedules/", "cut_off_times", ["12:00", "noon"]),
        (False, "clearing-schedules/", "cut_off_times", ["12:00", None]),
    ],
)
def test_an_invalid_element_is_named_in_every_list(acting, is_seller, path, field, elements):
    client = client_of(organisation()) if is_seller else acting
    answer = client.post(f"/api/v1/{path}", {field: elements})
    assert answer.status_code == 422
    assert f"{field}.1" in [error["field"] for error in answer.json()["errors"]]


def test_an_invalid_clause_is_named_by_its_index(acting):
    clause = {"clause": "definitions"}
    body = {
        "code": "x",
        "title": {"ja": "a", "en": "a"},
        "clauses": [clause, clause | {"version": 0}, "none"],
    }
    answer = acting.post("/api/v1/contract-templates/", body)
    assert [error["field"] for error in answer.json()["errors"]] == ["clauses.1.version", "clauses.2"]


def test_fields_named_like_an_error_are_refused_by_name(acting):
    answer = acting.post(ORGANISATIONS, NEW | {"message": 1, "code": 1})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["code", "message"]
    assert {error["code"] for error in answer.json()["errors"]} == {"unknown_field"}


def test_a_list_that_is_too_long_is_refused_before_its_elements(acting):
    answer = acting.post(WEBHOOKS, {"url": "https://hooks.example.jp/x", "event_types": [None] * 101})
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [
        ("event_types", "max_length")
    ]


def inputs(of: type[StrictSerializer] = StrictSerializer) -> list[type[StrictSerializer]]:
    """Every input of the API."""
    return [each for one in of.__subclasses__() for each in (one, *inputs(one))]


def test_every_list_of_an_input_has_a_greatest_length():
    assert get_resolver().url_patterns
    unbounded = {
        f"{each.__name__}.{name}"
        for each in inputs()
        for name, field in each().fields.items()
        if isinstance(field, LISTS) and field.max_length is None
    }
    assert unbounded == set()
