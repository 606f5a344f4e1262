"""No instrument carries out something else than its terms, whoever writes it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from contracts import queries, services
from contracts.models import Instrument
from marketplace.kernel import clock
from marketplace.kernel.canonical import canonical_json
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.invariants import REGISTER

from .. import factories
from ..raw import copied, forced, refused
from ..signing.test_signature_guards import drawn

OTHERS = [
    (("access", "ends", "duration"), "P2Y"),
    (("access", "ends", "valid_until"), "2030-01-01"),
    (("acceptance", "inspection_days"), 1),
    (("money", "price_minor"), 1),
    (("money", "currency"), "USD"),
    (("money", "tax_category"), "reduced"),
    (("money", "funding_days"), 9),
    (("money", "charging"), "instalment"),
    (("money", "period_months"), 2),
    (("money", "first_period_from"), "2030-01-01"),
    (("money", "unit_price_minor"), 5),
    (("money", "charges"), []),
    (("money", "charges"), [{"charge": 2, "price_minor": 100_000, "due_on": None, "months": 0}]),
    (("money", "charges"), [{"charge": 1, "price_minor": 99_999, "due_on": None, "months": 0}]),
    (("money", "charges"), [{"charge": 1, "price_minor": 100_000, "due_on": "2030-01-01", "months": 0}]),
    (("money", "charges"), [{"charge": 1, "price_minor": 100_000, "due_on": None, "months": 1}]),
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


MONTHLY = {
    "kind": "subscription",
    "charges": 12,
    "period_months": 1,
    "first_period_from": None,
    "unit_price_minor": None,
}


@pytest.mark.parametrize(
    "changes", [{"charges": 13}, {"first_period_from": "2020-01-01"}, {"kind": "weekly"}, {"charges": 0}]
)
def test_a_proposal_whose_charges_cannot_be_carried_out_is_refused(market, changes):
    negotiation = factories.requested(market)
    proposal = negotiation.proposals.get()
    terms = {**proposal.terms, "charging": {**MONTHLY, **changes}}
    statement, parameters = copied("contracts_proposal", proposal.pk, number=2, terms=json.dumps(terms))
    refused("the terms of charging cannot be carried out", statement, *parameters)


def test_a_proposal_whose_charges_are_not_over_before_its_rights_are_is_named(market):
    factories.requested(market)
    check = REGISTER["contracts.rights_usable"].check
    assert check() == []
    charging = json.dumps({**MONTHLY, "charges": 13})
    forced("UPDATE contracts_proposal SET terms = jsonb_set(terms, '{charging}', %s)", charging)
    assert len(check()) == 1


def test_nobody_signs_once_the_first_period_has_begun(market):
    """Though the days of the offer have not passed: it says that it lapses then."""
    charging = {"kind": "subscription", "charges": 6, "first_period_from": clock.today().isoformat()}
    negotiation = factories.agreed(market, charging=charging)
    assert "earlier once a day or period of the plan" in negotiation.instrument.text_en
    clock.move_to(clock.now() + timedelta(days=1))
    before = factories.everything()
    with pytest.raises(FieldInvalid) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert refusal.value.name == "terms.charging.first_period_from"
    assert factories.everything() == before
