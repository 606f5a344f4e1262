"""What the database says to clauses and templates that nobody may publish."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.library import services
from contracts.library.models import Clause, Template
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import verify_all
from tests.participants import factories as people
from tests.roles import unguarded

from .. import factories
from ..raw import copied, refused, run
from ..test_guards import new_negotiation

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    return factories.market()


def breaches(name: str) -> list[dict[str, Any]]:
    found = verify_all("contracts")
    assert set(found) - {name} <= {each for each, rows in found.items() if not rows}
    return found[name]


def copy_of(row: Clause | Template, **changes: Any) -> tuple[str, list[Any]]:
    facts = {"public_id": "raw_1", "version": row.version + 1}
    return copied(row._meta.db_table, row.pk, **{**facts, **changes})


@pytest.mark.parametrize("model", [Clause, Template])
def test_nothing_is_published_by_one(market, model):
    row = model.objects.first()
    one = market.operator.identifier
    stranger = people.person_of(market.organisation("buyer"), "x").public_id
    for first, second in (("", one), (one, one), (one, stranger), (stranger, one)):
        statement, parameters = copy_of(row, first_person=first, published_by=second)
        refused("two people of the operator", statement, *parameters)
    statement, parameters = copy_of(row, first_person="", published_by=one)
    with unguarded(model._meta.db_table):
        run(statement, *parameters)
    assert [each["public_id"] for each in breaches("contracts.library_by_two")] == ["raw_1"]


@pytest.mark.parametrize("model", [Clause, Template])
def test_versions_have_no_gap(market, model):
    row = model.objects.first()
    statement, parameters = copy_of(row, version=row.version + 2)
    refused("numbered without a gap", statement, *parameters)
    with unguarded(model._meta.db_table):
        run(statement, *parameters)
    assert [each["code"] for each in breaches("contracts.library_kept")] == [row.code]


def changed(template: Template, number: int, /, **changes: Any) -> str:
    entries = json.loads(json.dumps(template.clauses))
    entries[number - 1].update(changes)
    return json.dumps(entries)


def test_a_template_that_is_not_made_of_clauses_is_named(market):
    template = market.template
    numbers = {entry["clause"]: entry["number"] for entry in template.clauses}
    late = numbers["late-interest"]
    wrong = [
        {"clauses": changed(template, 1, text={"ja": "別", "en": "Other"})},
        {"clauses": changed(template, 1, version=2)},
        {"clauses": changed(template, 1, number=2)},
        {"clauses": changed(template, late, values={"late_rate": 1461, "rate_day": "2020-04-01"})},
        {"clauses": changed(template, late, values={"late_rate": "3", "rate_day": "2020-04-01"})},
        {"clauses": changed(template, late, values={"late_rate": 300})},
        {"clauses": changed(template, late, values={"late_rate": 300, "rate_day": "tomorrow"})},
        {"clauses": json.dumps([{**template.clauses[numbers["liability"] - 1], "number": 1}])},
        {"clause_codes": json.dumps(["definitions"])},
        {"demands": json.dumps([{"clause": "definitions", "term": "price_minor", "in": [0]}])},
    ]
    for changes in wrong:
        statement, parameters = copy_of(template, **changes)
        refused("not made of published clauses", statement, *parameters)
    statement, parameters = copy_of(template, **wrong[0])
    with unguarded("contracts_template"):
        run(statement, *parameters)
    assert [each["public_id"] for each in breaches("contracts.templates_made_of_clauses")] == ["raw_1"]


def test_no_negotiation_begins_with_a_template_that_is_not_in_force(market):
    negotiation = factories.requested(market)
    stated = [{"clause": entry["clause"]} for entry in market.template.clauses]
    retired = services.publish_template(
        actor=SYSTEM, code="data-provision", title=market.template.title, clauses=stated, retired=True
    )
    for template in (retired.pk, market.template.pk):
        statement, parameters = new_negotiation(negotiation, template_id=template)
        refused("not in force", statement, *parameters)
    assert breaches("contracts.template_in_force") == []
    with unguarded("contracts_negotiation"):
        run("UPDATE contracts_negotiation SET template_id = %s", retired.pk)
    assert [each["public_id"] for each in breaches("contracts.template_in_force")] == [negotiation.public_id]
