"""Signing and concluding."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from typing import Any

import pytest

from contracts import queries, services
from contracts.amending.access_terms import last_signed
from contracts.errors import ConclusionHeld, ConclusionRefused, PurposeNotAgreed, SignedHashMismatch
from contracts.fact_queries import negotiation_facts
from contracts.models import Agreement, Instrument, Signature
from marketplace.api.models import IdempotencyRecord
from marketplace.cases.models import Case
from marketplace.evidence.models import EvidenceRecord
from marketplace.evidence.signatures import verify
from marketplace.kernel import clock
from marketplace.kernel.canonical import sha256_hex
from marketplace.kernel.errors import FieldInvalid, Missing, OrganisationSuspended
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from marketplace.participants.errors import NotAdmitted
from marketplace.participants.models import Admission
from marketplace.rules import services as rules
from marketplace.rules.models import Decision
from tests.participants import factories as people
from tests.participants.stating import restate

from .. import factories
from ..refusals import refused


def withdraw_admission(organisation) -> None:
    admission = Admission.objects.get(organisation=organisation, state="admitted")
    participants.withdraw_admission(
        actor=people.actor_for(organisation), admission=admission.public_id, reason="撤退"
    )


@pytest.mark.parametrize("begin", [factories.requested, factories.accepted])
def test_the_seller_puts_its_contract_up_by_signing_it(market, begin):
    negotiation = begin(market)
    expected = queries.contract_of(negotiation).signed_hash
    signed = services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=expected)
    assert signed.state == "agreed"
    instrument = Instrument.objects.get(negotiation=negotiation)
    assert instrument.signed_hash == expected
    assert instrument.proposal == queries.latest_proposal(negotiation)
    signature = Signature.objects.get()
    assert (signature.party, signature.signer, signature.signed_hash) == (
        "seller",
        market.seller.identifier,
        expected,
    )
    assert signature.organisation_identifier == market.seller.organisation
    assert Agreement.objects.count() == 0
    last = factories.events("negotiation.moved")[-1]
    assert (last["state"], last["by"], last["waits_for"]) == ("agreed", "seller", "buyer")


def test_the_buyer_concludes_by_signing_the_same(market):
    negotiation = factories.agreed(market, price_minor=95_000)
    concluded = services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert (concluded.state, concluded.respond_by) == ("finalized", None)
    agreement = Agreement.objects.get()
    assert (
        agreement.public_id == negotiation.agreement_identifier == queries.agreement_of(negotiation.public_id)
    )
    assert agreement.state == "in_force"
    assert (agreement.price_minor, agreement.currency, agreement.tax_category) == (95_000, "JPY", "standard")
    signatures = Signature.objects.order_by("pk")
    assert [row.party for row in signatures] == ["seller", "buyer"]
    assert {row.signed_hash for row in signatures} == {agreement.signed_hash}
    decision = Decision.objects.get(point="conclusion")
    assert (decision.public_id, decision.outcome, decision.subject) == (
        agreement.decision,
        "allow",
        negotiation.public_id,
    )
    assert decision.parties == sorted([str(market.buyer.organisation), str(market.seller.organisation)])
    factories.check_deferred()


def test_a_conclusion_is_told_of_once(market):
    negotiation = factories.finalized(market)
    agreement = Agreement.objects.get()
    assert factories.events("agreement.concluded") == [
        {
            "agreement": agreement.public_id,
            "negotiation": negotiation.public_id,
            "reference": negotiation.reference,
            "listing": market.listing,
            "listing_version": negotiation.listing_version,
            "segment": "mobility",
            "buyer": market.buyer.organisation,
            "seller": market.seller.organisation,
            "price_minor": 100_000,
            "currency": "JPY",
            "tax_category": "standard",
            "funding_days": 3,
            "inspection_days": 7,
            "signed_hash": agreement.signed_hash,
            "concluded_at": agreement.concluded_at.isoformat(),
            "charging": "one_off",
            "charges": 1,
            "period_months": 1,
            "first_period_from": None,
            "commissioned": False,
            "holiday_shift": False,
            "penalty_cap_minor": None,
            "beneficiaries": [],
        }
    ]
    last = factories.events("negotiation.moved")[-1]
    assert (last["state"], last["by"], last["waits_for"], last["respond_by"]) == (
        "finalized",
        "system",
        None,
        None,
    )
    kinds = EvidenceRecord.objects.order_by("pk").values_list("kind", flat=True)
    assert [kind for kind in kinds if kind.startswith("contracts.") and not kind.endswith("_published")] == [
        "contracts.negotiation_requested",
        "contracts.negotiation_agreed",
        "contracts.negotiation_finalized",
        "contracts.agreement_concluded",
    ]


def test_the_market_s_signature_says_that_it_is_the_market_s(market):
    factories.finalized(market)
    for row in Signature.objects.all():
        assert row.method == "market_side"
        assert row.get_method_display().ja.startswith("立会人型電子署名")
        assert verify(row.jws) == {
            "type": "sanpo.signature.v1",
            "agreement": Agreement.objects.get().public_id,
            "signed_hash": row.signed_hash,
            "party": row.party,
            "organisation": row.organisation_identifier,
            "signer": getattr(market, row.party).identifier,
            "method": "market_side",
            "signed_at": row.signed_at.astimezone(UTC).isoformat(),
        }
    instrument = Instrument.objects.get()
    assert "立会人型電子署名" in instrument.text_ja
    assert instrument.said["signature_methods"] == ["market_side", "own_key"]


def test_what_was_agreed_is_what_was_signed(market):
    agreement = factories.agreement(market, price_minor=88_000)
    instrument = agreement.instrument
    assert sha256_hex(instrument.content.encode()) == agreement.signed_hash
    said = json.loads(instrument.content)
    assert said["terms"]["price_minor"] == 88_000
    assert said["policy"]["permission"][0]["duty"][0]["action"][0]["refinement"][0]["rightOperand"] == {
        "@value": "88000",
        "@type": "xsd:decimal",
    }
    assert "¥88,000" in instrument.text_ja
    assert "¥88,000" in instrument.text_en
    assert said["text"]["ja"] == sha256_hex(instrument.text_ja.encode())
    assert queries.verify_instrument(instrument, agreement.public_id) == []
    assert {name: found for name, found in verify_all("contracts").items() if found} == {}


def test_a_party_signs_what_it_has_read(market):
    negotiation = factories.requested(market)
    expected = queries.contract_of(negotiation).signed_hash
    with refused(SignedHashMismatch, negotiation=negotiation.public_id, signed_hash=expected):
        services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash="0" * 64)
    services.sign(actor=market.seller, negotiation=negotiation.public_id, signed_hash=expected)
    with refused(SignedHashMismatch, signed_hash=expected):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id, signed_hash="0" * 64)


def test_a_contract_once_put_up_no_longer_follows_its_sources(market):
    negotiation = factories.agreed(market)
    before = queries.contract_of(negotiation)
    restate(market.organisation("buyer"), name_en="Renamed Inc.")
    assert queries.contract_of(negotiation) == before
    concluded = services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert concluded.state == "finalized"
    assert Agreement.objects.get().signed_hash == before.signed_hash


def test_a_purpose_still_to_be_agreed_is_not_signed(market):
    vague = factories.listing(
        market.seller, "L-2", rights={"contract_type": "licence", "purposes": ["to_be_agreed"]}
    )
    negotiation = services.request_negotiation(actor=market.buyer, listing=vague, reference="PO-9")
    with refused(PurposeNotAgreed, negotiation=negotiation.public_id):
        services.sign(actor=market.seller, negotiation=negotiation.public_id)
    services.make_offer(
        actor=market.seller, negotiation=negotiation.public_id, terms={"rights": {"purposes": ["research"]}}
    )
    services.accept_offer(actor=market.buyer, negotiation=negotiation.public_id)
    assert services.sign(actor=market.seller, negotiation=negotiation.public_id).state == "agreed"


def test_rules_that_hold_refuse_with_their_reasons_and_nothing_changes(market):
    negotiation = factories.agreed(market, price_minor=factories.HOLD_ABOVE_MINOR + 1)
    before = factories.everything()
    with pytest.raises(ConclusionHeld) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert refusal.value.fields["outcome"] == "hold"
    assert refusal.value.fields["case"] == Case.objects.get().public_id
    assert factories.everything() == before | kept_decisions(before, 1, cases=1)


def test_rules_that_deny_refuse_with_their_reasons_and_nothing_changes(market):
    negotiation = factories.agreed(market)
    withdraw_admission(market.organisation("seller"))
    before = factories.everything()
    with pytest.raises(ConclusionRefused) as refusal:
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)
    assert refusal.value.fields["outcome"] == "deny"
    assert [reason["rule"] for reason in refusal.value.fields["reasons"]] == ["CON-2"]
    assert refusal.value.message.ja == f"{negotiation.public_id} は締結できません: 規則"
    assert refusal.value.message.en == f"{negotiation.public_id} cannot be concluded: Rule"
    assert factories.everything() == before | kept_decisions(before, 1)


def kept_decisions(before: dict[str, Any], count: int, cases: int = 0) -> dict[str, Any]:
    """What a refusal by the rules adds: its decisions, each in evidence, and the case of what they hold."""
    return {
        "Decision": before["Decision"] + count,
        "EvidenceRecord": before["EvidenceRecord"] + count + cases,
        "OutboxEvent": before["OutboxEvent"] + cases,
    }


def test_a_refusal_by_the_rules_stays_on_record_and_replays(market):
    negotiation = factories.agreed(market, price_minor=factories.HOLD_ABOVE_MINOR + 1)
    client = people.client_of(market.organisation("buyer"))
    path = f"/api/v1/negotiations/{negotiation.public_id}/sign/"
    body = {"signed_hash": queries.contract_of(negotiation).signed_hash}
    before = factories.everything()
    # A refused request may be sent again under its key.
    for count, key in (
        (1, {}),
        (2, {"HTTP_IDEMPOTENCY_KEY": "sign-1"}),
        (3, {"HTTP_IDEMPOTENCY_KEY": "sign-1"}),
    ):
        answer = client.post(path, body, **key)
        assert (answer.status_code, answer.json()["code"]) == (409, "conclusion_held")
        assert factories.everything() == before | kept_decisions(before, count, cases=1)
    assert IdempotencyRecord.objects.count() == 0
    shown = client.get("/api/v1/decisions/", {"subject": negotiation.public_id}).json()["results"]
    assert [row["outcome"] for row in shown] == ["hold"] * 3
    assert [rules.replay(row["id"]) for row in shown] == [True] * 3
    assert {name: found for name, found in verify_all("rules").items() if found} == {}


def test_a_buyer_that_lost_its_admission_does_not_sign(market):
    negotiation = factories.agreed(market)
    withdraw_admission(market.organisation("buyer"))
    with refused(NotAdmitted, capacity="buyer"):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)


def test_nothing_is_concluded_with_a_seller_that_was_suspended_meanwhile(market):
    negotiation = factories.agreed(market)
    participants.suspend_participant(
        actor=market.operator, organisation=market.seller.organisation, reason_code="check", reason="確認"
    )
    with refused(OrganisationSuspended, organisation=market.seller.organisation):
        services.sign(actor=market.buyer, negotiation=negotiation.public_id)


def test_an_agreement_is_read_by_other_applications_as_it_was_signed(market):
    agreement = factories.agreement(market)
    signed = last_signed(agreement.public_id)
    assert (signed.number, signed.closes_at) == (1, None)
    assert (signed.plan.as_dict(), signed.concluded_at) == (
        agreement.instrument.said["plan"],
        agreement.concluded_at,
    )
    assert queries.signed_content(agreement.public_id) == (agreement.instrument.said, agreement.concluded_at)
    assert queries.counts() == {
        "negotiations": {"finalized": 1},
        "agreements": {"in_force": 1},
        "disputes": {},
    }
    assert (queries.negotiation_count(), queries.agreement_count()) == (1, 1)


def test_there_is_no_agreement_before_its_conclusion(market):
    negotiation = factories.agreed(market)
    with pytest.raises(Missing):
        queries.agreement_of(negotiation.public_id)
    with pytest.raises(Missing):
        queries.signed_content("agr_nowhere")
    with pytest.raises(Missing):
        last_signed("agr_nowhere")


def test_the_facts_of_a_negotiation_are_those_the_rules_were_told(market):
    negotiation = factories.agreed(market, price_minor=70_000)
    facts = negotiation_facts(negotiation.public_id)
    assert facts == {
        "buyer": market.buyer.organisation,
        "seller": market.seller.organisation,
        "segment": "mobility",
        "price_minor": 70_000,
        "currency": "JPY",
        "rounds": 1,
        "buyer_active": True,
        "seller_active": True,
        "buyer_admitted": True,
        "seller_admitted": True,
        "buyer_affiliated": False,
        "seller_affiliated": False,
        "parties_related": False,
        "listing_stakes": [],
        "buyer_qualifications": [],
        "seller_qualifications": [],
        "template": "data-provision",
        "clauses": market.template.clause_codes,
    }
    with pytest.raises(Missing):
        negotiation_facts("ngt_nowhere")


def test_nobody_signs_for_rights_that_have_ended(market):
    rights = {"valid_until": (clock.today() + timedelta(days=10)).isoformat()}
    requested = factories.requested(market, rights=rights)
    agreed = factories.agreed(market, rights=rights)
    clock.move_to(clock.now() + timedelta(days=11))
    before = factories.everything()
    for actor, negotiation in ((market.seller, requested), (market.buyer, agreed)):
        with pytest.raises(FieldInvalid) as refusal:
            services.sign(actor=actor, negotiation=negotiation.public_id)
        assert refusal.value.name == "terms.rights.valid_until"
    assert factories.everything() == before
