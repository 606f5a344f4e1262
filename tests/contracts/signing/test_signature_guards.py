"""The database itself holds that what is agreed is what was signed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from contracts import queries
from contracts.models import Agreement, Instrument, Negotiation, Signature
from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.kernel.invariants import verify_all
from marketplace.rules import services as rules
from marketplace.rules.models import Halt

from .. import factories
from ..raw import copied, forced, refused, run


def test_a_negotiation_is_not_agreed_without_a_signature(market):
    factories.requested(market)
    refused("signatures it is named for", "UPDATE contracts_negotiation SET state = 'agreed'")


def test_a_negotiation_is_not_verified_with_half_the_signatures(market):
    factories.agreed(market)
    refused("signatures it is named for", "UPDATE contracts_negotiation SET state = 'verified'")


def verified(market) -> Negotiation:
    """A negotiation that both signed and that was not concluded: what no service leaves behind."""
    negotiation = factories.agreed(market)
    instrument = Instrument.objects.get(negotiation=negotiation)
    seller_s = Signature.objects.get(instrument=instrument)
    statement, parameters = copied(
        "contracts_signature",
        seller_s.pk,
        public_id="sgn_raw",
        party="buyer",
        organisation_id=negotiation.buyer_id,
        organisation_identifier=negotiation.buyer_identifier,
        signer=market.buyer.identifier,
    )
    run(statement, *parameters)
    run("UPDATE contracts_negotiation SET state = 'verified' WHERE id = %s", negotiation.pk)
    return Negotiation.objects.get(pk=negotiation.pk)


def test_a_negotiation_is_not_finalized_without_its_agreement(market):
    verified(market)
    refused(
        "finalized by its agreement",
        "UPDATE contracts_negotiation SET state = 'finalized', respond_by = NULL",
    )


def drawn(negotiation: Negotiation, **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of the instrument of a negotiation, with ``changes``; its hash is made to fit the content."""
    contract = queries.contract_of(negotiation)
    facts = {
        "public_id": "ins_raw",
        "negotiation_id": negotiation.pk,
        "proposal_id": queries.latest_proposal(negotiation).pk,
        "content": contract.content,
        "text_ja": contract.text_ja,
        "text_en": contract.text_en,
        **changes,
    }
    facts.setdefault("signed_hash", sha256_hex(facts["content"].encode()))
    columns = ", ".join(facts)
    marks = ", ".join(["%s"] * len(facts))
    return f"INSERT INTO contracts_instrument ({columns}, drawn_at) VALUES ({marks}, now())", list(
        facts.values()
    )


def test_an_instrument_as_the_service_draws_it_passes(market):
    statement, parameters = drawn(factories.requested(market))
    run(statement, *parameters)
    assert Instrument.objects.get().public_id == "ins_raw"


@pytest.mark.parametrize(
    "changes", [{"signed_hash": "0" * 64}, {"text_ja": "別の文"}, {"text_en": "other words"}]
)
def test_an_instrument_with_another_hash_is_refused(market, changes):
    statement, parameters = drawn(factories.requested(market), **changes)
    refused("hashes of an instrument", statement, *parameters)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("terms", "price_minor"), 1),
        (("terms", "rights", "attribution"), False),
        (("provider", "id"), "org_x"),
        (("consumer", "id"), "org_x"),
        (("agreement",), "agr_x"),
        (("negotiation",), "ngt_x"),
        (("reference",), "X"),
        (("dataset", "version"), "lsv_x"),
        (("dataset", "listing"), "lst_x"),
        (("dataset", "segment"), "x"),
        (("policy", "permission"), []),
        (("policy", "prohibition"), []),
        (("policy", "obligation"), []),
        (("terms",), None),
    ],
)
def test_an_instrument_that_says_something_else_is_refused(market, path, value):
    negotiation = factories.requested(market)
    content = json.loads(queries.contract_of(negotiation).content)
    target = content
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    statement, parameters = drawn(negotiation, content=canonical_json(content).decode())
    refused("says what was negotiated", statement, *parameters)


@pytest.mark.parametrize("state", [factories.offered, factories.agreed, factories.finalized])
def test_an_instrument_is_drawn_up_when_the_seller_signs(market, state):
    statement, parameters = drawn(state(market))
    refused("over the terms that stand", statement, *parameters)


def test_an_instrument_over_earlier_terms_is_refused(market):
    negotiation = factories.accepted(market)
    statement, parameters = drawn(negotiation, proposal_id=negotiation.proposals.get(number=1).pk)
    refused("over the terms that stand", statement, *parameters)


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_hash": "0" * 64},
        {"party": "seller"},
        {"party": "broker"},
        {"organisation_id": None},
        {"method": "own_key"},
        {"method": "seal"},
    ],
)
def test_a_signature_of_something_else_or_by_another_is_refused(market, changes):
    negotiation = factories.agreed(market)
    facts = {
        "public_id": "sgn_raw",
        "party": "buyer",
        "organisation_id": negotiation.buyer_id,
        "organisation_identifier": negotiation.buyer_identifier,
        "signer": market.buyer.identifier,
        **changes,
    }
    if facts["organisation_id"] is None:
        facts["organisation_id"] = market.stranger.organisation_id
    statement, parameters = copied("contracts_signature", Signature.objects.get().pk, **facts)
    refused(
        "hash of the instrument|in turn|signature_method|signature_key|signature_party|no signatory",
        statement,
        *parameters,
    )


def test_the_buyer_does_not_sign_first(market):
    negotiation = factories.requested(market)
    statement, parameters = drawn(negotiation)
    run(statement, *parameters)
    instrument = Instrument.objects.get()
    facts = {
        "public_id": "sgn_raw",
        "instrument_id": instrument.pk,
        "party": "buyer",
        "organisation_id": negotiation.buyer_id,
        "organisation_identifier": negotiation.buyer_identifier,
        "signer": market.buyer.identifier,
        "method": "market_side",
        "signed_hash": instrument.signed_hash,
        "jws": "x",
    }
    marks = ", ".join(["%s"] * len(facts))
    refused(
        "in turn",
        f"INSERT INTO contracts_signature ({', '.join(facts)}, signed_at) VALUES ({marks}, now())",
        *facts.values(),
    )


def test_a_party_signs_once(market):
    factories.finalized(market)
    for row in Signature.objects.all():
        statement, parameters = copied("contracts_signature", row.pk, public_id="sgn_raw")
        refused("in turn|signature_party_once", statement, *parameters)


AGREED = {
    "public_id": "agreement_identifier",
    "buyer_id": "buyer_id",
    "seller_id": "seller_id",
    "buyer_identifier": "buyer_identifier",
    "seller_identifier": "seller_identifier",
    "reference": "reference",
    "listing": "listing",
    "listing_version": "listing_version",
    "segment": "segment",
}


REPEATED = ("price_minor", "currency", "tax_category", "funding_days", "inspection_days")


def agreement_of(negotiation: Negotiation, **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of the agreement of a negotiation, with ``changes``."""
    instrument = Instrument.objects.get(negotiation=negotiation)
    terms = instrument.said["terms"]
    facts = {
        **{column: getattr(negotiation, source) for column, source in AGREED.items()},
        "negotiation_id": negotiation.pk,
        "instrument_id": instrument.pk,
        **{name: terms[name] for name in REPEATED},
        "signed_hash": instrument.signed_hash,
        "decision": "dec_raw",
        "state": "in_force",
        **changes,
    }
    marks = ", ".join(["%s"] * len(facts))
    columns, made = (
        f"{', '.join(facts)}, concluded_at, ends_at",
        "now(), public.end_of_rights(%s::jsonb, now())",
    )
    return (
        f"INSERT INTO contracts_agreement ({columns}) VALUES ({marks}, {made})",
        [*facts.values(), json.dumps(terms["rights"])],
    )


def test_an_agreement_as_the_service_makes_it_passes(market):
    negotiation = verified(market)
    statement, parameters = agreement_of(negotiation)
    run(statement, *parameters)
    run("UPDATE contracts_negotiation SET state = 'finalized', respond_by = NULL")
    factories.check_deferred()
    assert Agreement.objects.get().public_id == negotiation.agreement_identifier


def test_an_agreement_without_both_signatures_is_refused(market):
    negotiation = factories.agreed(market)
    statement, parameters = agreement_of(negotiation)
    refused("signatures of both parties", statement, *parameters)
    forced("UPDATE contracts_negotiation SET state = 'verified' WHERE id = %s", negotiation.pk)
    refused("signatures of both parties", statement, *parameters)


@pytest.mark.parametrize(
    "changes",
    [
        {"signed_hash": "0" * 64},
        {"price_minor": 1},
        {"price_minor": -1},
        {"currency": "USD"},
        {"tax_category": "exempt"},
        {"funding_days": 30},
        {"inspection_days": 1},
        {"reference": "X"},
        {"listing": "lst_x"},
        {"listing_version": "lsv_x"},
        {"segment": "x"},
        {"public_id": "agr_x"},
    ],
)
def test_an_agreement_that_says_something_else_is_refused(market, changes):
    statement, parameters = agreement_of(verified(market), **changes)
    refused("says what was signed|signatures of both parties", statement, *parameters)


def test_an_agreement_of_other_parties_is_refused(market):
    stranger = market.organisation("stranger")
    statement, parameters = agreement_of(
        verified(market), buyer_id=stranger.pk, buyer_identifier=stranger.public_id
    )
    refused("says what was signed", statement, *parameters)


def test_an_agreement_ends_its_negotiation(market):
    statement, parameters = agreement_of(verified(market))
    refused("ends its negotiation", statement, *parameters)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price_minor", "1"),
        ("signed_hash", "repeat('0', 64)"),
        ("decision", "'dec_x'"),
        ("concluded_at", "now()"),
        ("reference", "'X'"),
        ("buyer_identifier", "'org_x'"),
        ("inspection_days", "60"),
    ],
)
def test_what_was_agreed_never_changes(market, column, value):
    factories.agreement(market)
    refused("cannot be changed", f"UPDATE contracts_agreement SET {column} = {value}")


@pytest.mark.parametrize("scope", ["market", "segment", "listing"])
def test_nothing_begins_or_is_concluded_while_trading_is_halted(market, scope):
    subject = {"market": "", "segment": factories.SEGMENT, "listing": market.listing}[scope]
    why = {"ja": "確認", "en": "Check"}
    earlier, negotiation = factories.agreement(market), verified(market)
    halt = rules.halt_trading(actor=market.operator, scope=scope, subject=subject, reason=why)
    begun = {"public_id": "ngt_raw", "agreement_identifier": "agr_raw", "reference": "RAW"}
    statement, parameters = copied("contracts_negotiation", negotiation.pk, **begun, state="requested")
    refused("contracts_negotiation: trading is halted", statement, *parameters)
    statement, parameters = agreement_of(negotiation)
    refused("contracts_agreement: trading is halted", statement, *parameters)
    # What were concluded while it lasts would be found.
    later = Halt.objects.get().started_at + timedelta(seconds=1)
    forced("UPDATE contracts_agreement SET concluded_at = %s WHERE id = %s", later, earlier.pk)
    found = verify_all("contracts")["contracts.none_while_halted"]
    assert found == [{"public_id": earlier.public_id, "halt": halt.public_id}]


@pytest.mark.parametrize("age", ["12 minutes", "12 hours"])
def test_the_market_signs_for_nobody_without_a_fresh_proof(market, age):
    negotiation = factories.requested(market)
    statement, parameters = drawn(negotiation)
    run(statement, *parameters)
    instrument = Instrument.objects.get()
    run(f"UPDATE participants_session SET proved_at = now() - interval '{age}'")
    facts = {
        "public_id": "sgn_raw",
        "instrument_id": instrument.pk,
        "party": "seller",
        "organisation_id": negotiation.seller_id,
        "organisation_identifier": negotiation.seller_identifier,
        "signer": market.seller.identifier,
        "method": "market_side",
        "signed_hash": instrument.signed_hash,
        "jws": "x",
    }
    marks = ", ".join(["%s"] * len(facts))
    insert = f"INSERT INTO contracts_signature ({', '.join(facts)}, signed_at) VALUES ({marks}, public.business_now())"
    refused("only after a fresh proof", insert, *facts.values())
    assert Signature.objects.count() == 0
