"""The demo market's first rulebook, worked through: what each kind of subject meets."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.rules.document import check_document
from marketplace.rules.points import vocabulary
from marketplace.rules.rulebook import CompiledRulebook

from .factories import fixture_document

APPLICANT = {
    "organisation": "org_1",
    "kind": "business",
    "country": "JP",
    "segment": "mobility",
    "capacity": "seller",
    "active": True,
    "is_operator": False,
    "operator_affiliate": False,
    "corporate_number_valid": True,
    "invoice_registered": True,
    "payout_account_stated": True,
    "representative_stated": True,
    "antisocial_forces_excluded": True,
    "security_contact_stated": True,
    "barred_by_privacy_law": False,
    "qualifications": [],
    "disqualified": False,
    "officer_disqualified": False,
    "refused_before": 0,
}
LISTING = {
    "listing.segment": "mobility",
    "listing.personal_data_class": "none",
    "listing.has_source": True,
    "listing.licence_stated": True,
    "listing.seller_active": True,
    "listing.seller_admitted": True,
    "listing.seller_affiliated": False,
    "listing.anonymisation_items_published": False,
    "listing.anonymisation_criteria_met": False,
    "listing.reidentification_prohibited": False,
    "listing.stake_count": 0,
    "offer.clauses": ["definitions", "incidents"],
    "quality.profiled": True,
    "quality.row_count": 100,
    "quality.personal_data_suspected": False,
    "quality.person_related_suspected": False,
    "quality.completeness_bp": 9_900,
    "quality.k_anonymity": None,
}
ANONYMISED = {
    "listing.personal_data_class": "anonymised",
    "listing.anonymisation_items_published": True,
    "listing.anonymisation_criteria_met": True,
    "listing.reidentification_prohibited": True,
    "quality.k_anonymity": 5,
}
NEGOTIATION = {
    "negotiation.buyer": "org_1",
    "negotiation.seller": "org_2",
    "negotiation.buyer_active": True,
    "negotiation.seller_active": True,
    "negotiation.buyer_admitted": True,
    "negotiation.seller_admitted": True,
    "negotiation.buyer_affiliated": False,
    "negotiation.seller_affiliated": False,
    "negotiation.price_minor": 5_000,
    "negotiation.currency": "JPY",
    "exposure.buyer_open_minor": 0,
    "exposure.seller_undelivered_minor": 0,
}


@pytest.fixture(scope="module")
def rules() -> CompiledRulebook:
    """The rulebook over what the applications of the market really know."""
    stated, spoken = fixture_document(), vocabulary()
    faults, reads = check_document(stated, spoken)
    assert faults == []
    return CompiledRulebook(stated, {**spoken, "reads": reads})


def judged(rules: CompiledRulebook, point: str, facts: dict[str, Any]) -> tuple[str, list[str]]:
    verdict = rules.verdict(point, facts)
    return verdict.outcome, [reason["rule"] for reason in verdict.reasons]


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons"),
    [
        ({}, "allow", ["ADM-90"]),
        ({"capacity": "buyer", "payout_account_stated": False}, "allow", ["ADM-90"]),
        ({"is_operator": True}, "deny", ["ADM-01", "ADM-90"]),
        ({"operator_affiliate": True}, "deny", ["ADM-01", "ADM-90"]),
        ({"antisocial_forces_excluded": False}, "deny", ["ADM-02"]),
        ({"active": False}, "deny", ["ADM-03"]),
        ({"corporate_number_valid": False}, "deny", ["ADM-04", "ADM-90"]),
        ({"security_contact_stated": False}, "deny", ["ADM-05"]),
        ({"representative_stated": False}, "hold", ["ADM-06"]),
        ({"country": "FR", "corporate_number_valid": False}, "hold", ["ADM-07", "ADM-90"]),
        ({"kind": "individual", "corporate_number_valid": False}, "hold", ["ADM-08", "ADM-90"]),
        ({"kind": "information_bank"}, "hold", ["ADM-09", "ADM-90"]),
        ({"kind": "information_bank", "qualifications": ["information_bank"]}, "allow", ["ADM-90"]),
        ({"payout_account_stated": False}, "hold", ["ADM-10", "ADM-90"]),
        ({"capacity": "buyer", "barred_by_privacy_law": True}, "hold", ["ADM-11", "ADM-90"]),
        ({"refused_before": 3}, "hold", ["ADM-12", "ADM-90"]),
        ({"disqualified": True}, "deny", ["ADM-14", "ADM-90"]),
        ({"officer_disqualified": True}, "hold", ["ADM-15", "ADM-90"]),
        ({"invoice_registered": False}, "warn", ["ADM-13", "ADM-90"]),
        ({"country": None}, "hold", ["ADM-04", "ADM-07", "ADM-90"]),
    ],
)
def test_admission(rules, changes, outcome, reasons):
    facts = {f"applicant.{name}": value for name, value in (APPLICANT | changes).items()}
    if changes.get("country", "JP") is None:
        # Whether a rule of the country applies cannot be told; a wrong number makes it matter.
        facts["applicant.corporate_number_valid"] = False
    assert judged(rules, "admission", facts) == (outcome, reasons)


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons"),
    [
        ({}, "allow", ["PUB-90"]),
        ({"listing.personal_data_class": "statistical"}, "allow", ["PUB-90"]),
        (ANONYMISED, "allow", ["PUB-90"]),
        ({"listing.personal_data_class": "pseudonymised"}, "deny", ["PUB-01"]),
        ({"listing.stake_count": 1}, "warn", ["PUB-17", "PUB-90"]),
        ({"quality.personal_data_suspected": True}, "deny", ["PUB-02", "PUB-90"]),
        ({"listing.personal_data_class": "special_care"}, "hold", ["PUB-03"]),
        ({"listing.personal_data_class": "personal"}, "hold", ["PUB-04"]),
        ({"listing.personal_data_class": "person_related"}, "hold", ["PUB-05"]),
        (ANONYMISED | {"listing.anonymisation_items_published": False}, "deny", ["PUB-06", "PUB-90"]),
        (ANONYMISED | {"listing.anonymisation_criteria_met": False}, "deny", ["PUB-07", "PUB-90"]),
        (ANONYMISED | {"listing.reidentification_prohibited": False}, "deny", ["PUB-08", "PUB-90"]),
        (ANONYMISED | {"quality.personal_data_suspected": True}, "hold", ["PUB-09", "PUB-90"]),
        ({"listing.seller_affiliated": True}, "deny", ["PUB-10", "PUB-90"]),
        ({"listing.seller_admitted": False}, "deny", ["PUB-11"]),
        ({"listing.seller_active": False}, "deny", ["PUB-11", "PUB-90"]),
        ({"listing.licence_stated": False}, "hold", ["PUB-12", "PUB-90"]),
        ({"quality.row_count": 0}, "hold", ["PUB-13", "PUB-90"]),
        ({"quality.person_related_suspected": True}, "hold", ["PUB-14", "PUB-90"]),
        (ANONYMISED | {"quality.k_anonymity": 1}, "hold", ["PUB-15", "PUB-90"]),
        (ANONYMISED | {"quality.k_anonymity": None}, "allow", ["PUB-90"]),
        ({"quality.completeness_bp": 4_999}, "warn", ["PUB-16", "PUB-90"]),
        ({"quality.completeness_bp": None}, "allow", ["PUB-90"]),
        ({"offer.clauses": ["definitions"]}, "deny", ["PUB-18", "PUB-90"]),
        ({"offer.clauses": [], "listing.segment": "public"}, "allow", ["PUB-90"]),
    ],
)
def test_publication(rules, changes, outcome, reasons):
    assert judged(rules, "publication", LISTING | changes) == (outcome, reasons)


def test_a_version_that_was_not_measured_is_not_published(rules):
    unmeasured = {name: None for name in LISTING if name.startswith("quality.")} | {"quality.profiled": False}
    outcome, reasons = judged(rules, "publication", LISTING | unmeasured)
    assert (outcome, reasons) == ("hold", ["PUB-02", "PUB-13", "PUB-14"])


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons"),
    [
        ({}, "allow", ["CON-90"]),
        ({"negotiation.buyer_affiliated": True}, "deny", ["CON-01", "CON-90"]),
        ({"negotiation.seller_active": False}, "deny", ["CON-02", "CON-90"]),
        ({"negotiation.buyer_admitted": False}, "deny", ["CON-03"]),
        ({"negotiation.seller": "org_1"}, "deny", ["CON-04", "CON-90"]),
        ({"negotiation.seller_admitted": None}, "hold", ["CON-03", "CON-90"]),
        ({"exposure.buyer_open_minor": 999_995_001}, "hold", ["CON-05", "CON-90"]),
        ({"exposure.buyer_open_minor": 999_995_000}, "allow", ["CON-90"]),
        ({"exposure.buyer_open_minor": 999_995_001, "negotiation.currency": "USD"}, "allow", ["CON-90"]),
        ({"exposure.seller_undelivered_minor": 1_000_000_001}, "hold", ["CON-06", "CON-90"]),
    ],
)
def test_conclusion(rules, changes, outcome, reasons):
    assert judged(rules, "conclusion", NEGOTIATION | changes) == (outcome, reasons)


@pytest.mark.parametrize(
    ("changes", "outcome", "reasons"),
    [
        ({}, "allow", ["DEFAULT"]),
        ({"trade.currency": "USD"}, "deny", ["TRD-01"]),
        ({"trade.currency": None}, "hold", ["TRD-01"]),
    ],
)
def test_trading(rules, changes, outcome, reasons):
    trade = {"trade.segment": "mobility", "trade.price_minor": 5_000, "trade.currency": "JPY"}
    assert judged(rules, "trading", trade | changes) == (outcome, reasons)


def test_a_fee_is_the_same_whoever_trades(rules):
    """There is no fact by which it could differ: the language of fees knows the trade alone."""
    described = vocabulary()["points"]["trade_fee"]
    assert sorted(described["facts"]) == ["trade.currency", "trade.price_minor", "trade.segment"]


def test_every_rule_reads_in_both_languages():
    stated = fixture_document()
    texts = [entry["text"] for entry in (*stated["rules"], *stated["tariffs"])]
    assert all(set(text) == {"ja", "en"} for text in texts)
    assert len({text["en"] for text in texts}) == len(texts)
