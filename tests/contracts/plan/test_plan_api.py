"""Both sides read the plan before they sign it, and afterwards."""

from __future__ import annotations

from datetime import timedelta

from contracts import services
from contracts.document.text import PLAN
from contracts.models import Agreement
from contracts.plan import build_plan, plan_lines
from contracts.terms import parse_terms
from marketplace.kernel import clock
from tests.participants import factories as people

from .. import factories

BASE = "/api/v1"


def read(market, name, negotiation):
    answer = people.client_of(market.organisation(name)).get(f"{BASE}/negotiations/{negotiation}/plan/")
    return answer.status_code, answer.json()


def test_both_sides_read_the_plan_of_the_proposal_that_stands(market):
    negotiation = factories.offered(market, inspection_days=9).public_id
    status, told = read(market, "buyer", negotiation)
    assert (status, told["plan"]["acceptance"]["inspection_days"], told["refusal"]) == (200, 9, None)
    assert read(market, "seller", negotiation) == (200, told)
    assert read(market, "stranger", negotiation)[0] == 404
    assert told["version"] == told["plan"]["version"] == "sanpo.plan.v1"
    assert any("9日" in line["ja"] and "検収" in line["ja"] for line in told["words"])


def test_what_was_shown_is_what_is_signed_and_stands_in_the_text(market):
    negotiation = factories.requested(market).public_id
    _, told = read(market, "buyer", negotiation)
    for actor in (market.seller, market.buyer):
        services.sign(actor=actor, negotiation=negotiation)
    agreement = Agreement.objects.get()
    assert agreement.instrument.said["plan"] == told["plan"]
    assert told["plan"] == build_plan(parse_terms(agreement.instrument.said["terms"])).as_dict()
    for language, text in (("ja", agreement.instrument.text_ja), ("en", agreement.instrument.text_en)):
        section = text.split(f"## {PLAN.in_language(language)}\n\n")[1].split("\n\n## ")[0]
        words = [line[language] for line in told["words"]]
        assert section.split("\n") == [f"- {line}" for line in words]
        assert words == plan_lines(build_plan(parse_terms(agreement.instrument.said["terms"])), language)
    buyer = people.client_of(market.organisation("buyer"))
    assert buyer.get(f"{BASE}/agreements/{agreement.public_id}/").json()["plan"] == told["plan"]
    assert read(market, "buyer", negotiation)[1] == told


def test_what_cannot_be_carried_out_any_more_is_named_before_anybody_signs(market):
    rights = {"valid_until": (clock.today() + timedelta(days=10)).isoformat()}
    negotiation = factories.requested(market, rights=rights).public_id
    assert read(market, "seller", negotiation)[1]["refusal"] is None
    clock.move_to(clock.now() + timedelta(days=11))
    refusal = read(market, "seller", negotiation)[1]["refusal"]
    assert refusal["field"] == "terms.rights.valid_until"
    assert set(refusal["detail"]) == {"ja", "en"}
