"""No instrument carries out something else than its terms, whoever writes it."""

from __future__ import annotations

import json

import pytest

from contracts import queries
from contracts.models import Instrument
from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.invariants import REGISTER

from . import factories
from .raw import forced, refused
from .test_signature_guards import drawn

OTHERS = [
    (("access", "ends", "duration"), "P2Y"),
    (("access", "ends", "valid_until"), "2030-01-01"),
    (("acceptance", "inspection_days"), 1),
    (("money", "price_minor"), 1),
    (("money", "currency"), "USD"),
    (("money", "tax_category"), "reduced"),
    (("money", "funding_days"), 9),
    (("money", "charges"), []),
    (("money", "charges"), [{"charge": 2, "price_minor": 100_000}]),
    (("money", "charges"), [{"charge": 1, "price_minor": 99_999}]),
]
"""What a plan may not say of the terms of the tests' offer."""


@pytest.mark.parametrize(("path", "value"), OTHERS)
def test_a_plan_of_other_terms_is_refused(market, path, value):
    negotiation = factories.requested(market)
    content = json.loads(queries.contract_of(negotiation).content)
    target = content["plan"]
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    statement, parameters = drawn(negotiation, content=canonical_json(content).decode())
    refused("carries out the terms that are signed", statement, *parameters)


@pytest.mark.parametrize("plan", [None, {"version": "sanpo.plan.v0"}])
def test_nothing_is_signed_without_a_plan_that_is_known(market, plan):
    negotiation = factories.requested(market)
    content = json.loads(queries.contract_of(negotiation).content)
    statement, parameters = drawn(negotiation, content=canonical_json({**content, "plan": plan}).decode())
    refused("has a plan of version", statement, *parameters)


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ('"inspection_days":7,"stands_still"', '"inspection_days":8,"stands_still"'),
        ('"version":"sanpo.plan.v1"', '"version":"sanpo.plan.v2"'),
    ],
)
def test_a_plan_that_departs_from_its_terms_is_named(market, said, instead):
    factories.agreed(market)
    check = REGISTER["contracts.plan_of_terms"].check
    assert check() == []
    forced("UPDATE contracts_instrument SET content = replace(content, %s, %s)", said, instead)
    assert [row["public_id"] for row in check()] == [Instrument.objects.get().public_id]
