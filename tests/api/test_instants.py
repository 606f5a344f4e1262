"""A date and time without its zone is refused at the API's edge, everywhere, with its field named (RFC 3339)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django_filters import DateTimeFilter
from django_filters.rest_framework import FilterSet, IsoDateTimeFilter
from rest_framework import serializers

from marketplace.api.checks import api_routes
from marketplace.api.filters import InstantFilter
from marketplace.api.openapi import openapi_document
from marketplace.api.serializers import WITH_ZONE, InstantField, StrictSerializer

pytestmark = pytest.mark.django_db
WITHOUT_ZONE = ["2026-12-08T15:00:00", "2026-12-08 15:00", "2026-12-08"]


class MomentSerializer(StrictSerializer):
    """A moment, which need not be given."""

    at = InstantField(required=False, allow_null=True)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _fields(field: Any) -> Iterator[Any]:
    yield field
    for each in (getattr(field, "child", None), *getattr(field, "fields", {}).values()):
        if each is not None:
            yield from _fields(each)


@pytest.mark.parametrize("text", WITHOUT_ZONE)
def test_a_moment_without_zone_is_refused_and_one_with_its_zone_is_read(text):
    asked = MomentSerializer(data={"at": text})
    assert not asked.is_valid()
    assert [error.code for error in asked.errors["at"]] == ["no_zone"]
    asked = MomentSerializer(data={"at": "2026-12-08T15:00:00+09:00"})
    assert asked.is_valid()
    assert asked.validated_data["at"].isoformat() == "2026-12-08T06:00:00+00:00"


@pytest.mark.parametrize("text", WITHOUT_ZONE)
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("rulebooks/current/", "at"),
        ("balances/", "at"),
        ("trades/", "concluded_from"),
        ("cases/", "due_before"),
        ("evidence/records/", "occurred_before"),
    ],
)
def test_a_query_without_zone_is_refused_by_its_name(acting, path, name, text):
    answer = acting.get(f"/api/v1/{path}", {name: text})
    assert (answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]) == (
        422,
        [(name, "no_zone")],
    )
    known = acting.get(f"/api/v1/{path}", {name: "2026-12-08T15:00:00+09:00"})
    assert known.status_code in (200, 404)


@pytest.mark.parametrize(
    ("path", "name", "text"),
    [
        ("rulebooks/current/", "at", "２０２６-12-08T15:00:00+09:00"),
        ("trades/", "concluded_from", "２０２６-12-08T15:00:00+09:00"),
        ("evidence/records/", "occurred_before", "2026-12-٠٨T15:00:00+09:00"),
        ("invoices/", "issued_from", "２０２６-12-08"),
        ("invoices/", "total_minor_min", "１"),
    ],
)
def test_digits_that_are_not_ascii_are_refused_by_name(acting, path, name, text):
    answer = acting.get(f"/api/v1/{path}", {name: text})
    assert (answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]) == (
        422,
        [(name, "invalid")],
    )


def test_a_moment_with_digits_that_are_not_ascii_is_refused():
    asked = MomentSerializer(data={"at": "２０２６-12-08T15:00:00+09:00"})
    assert not asked.is_valid()
    assert [error.code for error in asked.errors["at"]] == ["invalid"]


def test_a_command_without_zone_is_refused_by_its_name(acting):
    turn = {"duty": "release", "person": "prs_1"}
    times = {"since": "2099-01-01T09:00:00", "until": "2099-01-02T09:00:00"}
    errors = acting.post("/api/v1/on-call/", {**turn, **times}).json()["errors"]
    assert {each["field"] for each in errors if each["code"] == "no_zone"} == {"since", "until"}


def test_every_moment_that_is_asked_for_is_asked_with_its_zone():
    assert api_routes()  # loads every view, with its serializers and filters
    inputs = [each for kind in _below(StrictSerializer) for each in _fields(kind())]
    moments = [each for each in inputs if isinstance(each, serializers.DateTimeField)]
    assert len(moments) > 10
    assert [each for each in moments if not isinstance(each, InstantField)] == []
    filters = [each for kind in _below(FilterSet) for each in kind.base_filters.values()]
    asked = [each for each in filters if isinstance(each, DateTimeFilter | IsoDateTimeFilter)]
    assert len(asked) > 10
    assert [each for each in asked if not isinstance(each, InstantFilter)] == []


def test_the_openapi_document_says_so():
    document = json.loads(openapi_document())
    described: dict[str, str] = {}
    for operation in (each for path in document["paths"].values() for each in path.values()):
        for parameter in operation.get("parameters", ()):
            if parameter["schema"].get("format") == "date-time":
                described[parameter["name"]] = parameter.get("description", "")
        for content in operation.get("requestBody", {}).get("content", {}).values():
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            for field, schema in (
                document["components"]["schemas"].get(name, {}).get("properties", {}).items()
            ):
                if schema.get("format") == "date-time":
                    described[field] = schema.get("description", "")
    assert described.keys() >= {"at", "concluded_from", "due_before", "known_at", "effective_from"}
    assert [name for name, text in described.items() if WITH_ZONE not in text] == []
