"""The database refuses what Python would not do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from contracts import queries, services
from contracts.models import Agreement, Dispute, Instrument, Negotiation, Signature
from contracts.states import NegotiationState
from marketplace.kernel.canonical import canonical_json, sha256_hex
from marketplace.kernel.invariants import REGISTER
from tests.participants import factories as people

from . import factories

APPEND_ONLY = (
    "contracts_template",
    "contracts_proposal",
    "contracts_instrument",
    "contracts_signature",
    "contracts_adjustment",
)


def run(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def refused(match: str, statement: str, *parameters: Any) -> None:
    """The statement is refused by the guard that says so, and nothing has changed."""
    connection.check_constraints()
    before = factories.everything()
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        run(statement, *parameters)
        run("SET CONSTRAINTS ALL IMMEDIATE")
    run("SET CONSTRAINTS ALL DEFERRED")
    assert factories.everything() == before


def copied(table: str, row_id: int, **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of a copy of one row with ``changes``, past every service."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name <> 'id'",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
    values = ", ".join("%s" if column in changes else f'"{column}"' for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    parameters = [changes[column] for column in columns if column in changes]
    return f"INSERT INTO {table} ({named}) SELECT {values} FROM {table} WHERE id = %s", [*parameters, row_id]


def forced(statement: str, *parameters: Any) -> None:
    """Write past every trigger, as somebody could who owns the tables."""
    tables = [
        f"contracts_{name}" for name in ("negotiation", "proposal", "instrument", "signature", "agreement")
    ]
    connection.check_constraints()
    for table in tables:
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    run(statement, *parameters)
    connection.check_constraints()
    for table in tables:
        run(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def new_negotiation(negotiation: Negotiation, **changes: Any) -> tuple[str, list[Any]]:
    facts = {"public_id": "ngt_raw", "agreement_identifier": "agr_raw", "reference": "RAW"}
    return copied("contracts_negotiation", negotiation.pk, **{**facts, **changes})


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_is_append_only(market, table, statement):
    factories.adjustment(market)
    refused("append-only|are kept", statement.format(table))


@pytest.mark.parametrize("table", ["contracts_negotiation", "contracts_agreement", "contracts_dispute"])
def test_rows_are_kept(market, table):
    factories.dispute(market)
    refused("are kept", f"DELETE FROM {table}")
    refused("are kept|append-only", f"TRUNCATE {table} CASCADE")


def test_the_operator_is_never_a_party(market):
    negotiation, operator = factories.requested(market), market.organisation("operator")
    statement, parameters = new_negotiation(
        negotiation, buyer_id=operator.pk, buyer_identifier=operator.public_id
    )
    refused("two active parties", statement, *parameters)
    affiliate = people.organisation("系列", operator_affiliate=True)
    statement, parameters = new_negotiation(
        negotiation, buyer_id=affiliate.pk, buyer_identifier=affiliate.public_id
    )
    refused("two active parties", statement, *parameters)


def test_parties_are_two_and_go_by_their_own_identifiers(market):
    negotiation = factories.requested(market)
    statement, parameters = new_negotiation(negotiation, buyer_identifier=market.stranger.organisation)
    refused("two active parties", statement, *parameters)
    seller = market.organisation("seller")
    statement, parameters = new_negotiation(
        negotiation, buyer_id=seller.pk, buyer_identifier=seller.public_id
    )
    refused("two active parties|negotiation_two_parties", statement, *parameters)


def test_a_suspended_organisation_opens_nothing_and_concludes_nothing(market):
    negotiation = factories.requested(market)
    run(
        "UPDATE participants_organisation SET state = 'suspended', suspension_reason_code = 'x' WHERE id = %s",
        market.buyer.organisation_id,
    )
    statement, parameters = new_negotiation(negotiation)
    refused("two active parties", statement, *parameters)


def test_a_negotiation_begins_with_a_proposal(market):
    statement, parameters = new_negotiation(factories.requested(market))
    refused("begins with a proposal", statement, *parameters)


def test_a_reference_is_used_once_a_buyer(market):
    negotiation = factories.requested(market)
    statement, parameters = new_negotiation(negotiation, reference=negotiation.reference)
    refused("negotiation_reference_once", statement, *parameters)
    statement, parameters = new_negotiation(negotiation, reference="")
    refused("negotiation_reference_given", statement, *parameters)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reference", "'X'"),
        ("listing_version", "'lsv_x'"),
        ("seller_id", "buyer_id"),
        ("dataset", "'{}'"),
        ("agreement_identifier", "'agr_x'"),
        ("negotiable", "NOT negotiable"),
    ],
)
def test_parties_and_subject_of_a_negotiation_never_change(market, column, value):
    factories.requested(market)
    refused("cannot be changed|two_parties", f"UPDATE contracts_negotiation SET {column} = {value}")


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


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("requested", {"number": 3}),
        ("requested", {"number": 1}),
        ("requested", {"party": "seller"}),
        ("requested", {"party": "broker"}),
        ("offered", {"number": 3, "party": "buyer"}),
        ("accepted", {"number": 3, "party": "seller"}),
        ("agreed", {"party": "buyer"}),
        ("finalized", {"party": "buyer"}),
    ],
)
def test_a_proposal_out_of_turn_is_refused(market, state, changes):
    negotiation = getattr(factories, state)(market)
    proposal = queries.latest_proposal(negotiation)
    statement, parameters = copied("contracts_proposal", proposal.pk, **{"number": 2, **changes})
    refused("without a gap|in turn", statement, *parameters)


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
    ],
)
def test_a_signature_of_something_else_or_by_another_is_refused(market, changes):
    negotiation = factories.agreed(market)
    facts = {
        "public_id": "sgn_raw",
        "party": "buyer",
        "organisation_id": negotiation.buyer_id,
        "organisation_identifier": negotiation.buyer_identifier,
        **changes,
    }
    if facts["organisation_id"] is None:
        facts["organisation_id"] = market.stranger.organisation_id
    statement, parameters = copied("contracts_signature", Signature.objects.get().pk, **facts)
    refused("hash of the instrument|in turn|signature_method|signature_party", statement, *parameters)


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
        "signer": "x",
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


def agreement_of(negotiation: Negotiation, **changes: Any) -> tuple[str, list[Any]]:
    """An INSERT of the agreement of a negotiation, with ``changes``."""
    instrument = Instrument.objects.get(negotiation=negotiation)
    terms = instrument.said["terms"]
    facts = {
        **{column: getattr(negotiation, source) for column, source in AGREED.items()},
        "negotiation_id": negotiation.pk,
        "instrument_id": instrument.pk,
        **{name: value for name, value in terms.items() if name != "rights"},
        "signed_hash": instrument.signed_hash,
        "decision": "dec_raw",
        "state": "in_force",
        **changes,
    }
    marks = ", ".join(["%s"] * len(facts))
    return (
        f"INSERT INTO contracts_agreement ({', '.join(facts)}, concluded_at) VALUES ({marks}, now())",
        list(facts.values()),
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


def test_an_end_is_explained(market):
    factories.agreement(market)
    factories.requested(market)
    refused("agreement_terminated_why", "UPDATE contracts_agreement SET state = 'terminated'")
    refused("agreement_terminated_why", "UPDATE contracts_agreement SET termination_reason = 'refunded'")
    waiting = "WHERE state = 'requested'"
    refused(
        "negotiation_ended_why",
        f"UPDATE contracts_negotiation SET state = 'terminated', respond_by = NULL {waiting}",
    )
    refused("negotiation_respond_by", f"UPDATE contracts_negotiation SET respond_by = NULL {waiting}")
    refused("negotiation_ended_why", f"UPDATE contracts_negotiation SET end_reason_code = 'x' {waiting}")


def test_an_end_is_for_good(market):
    agreement = factories.agreement(market)
    run(
        "UPDATE contracts_agreement SET state = 'terminated', terminated_at = now(), termination_reason = 'refunded'"
    )
    refused("does not lead to", "UPDATE contracts_agreement SET state = 'in_force'")
    refused(
        "recorded cannot be changed", "UPDATE contracts_agreement SET termination_reason = 'payment_failed'"
    )
    agreement.refresh_from_db()
    assert agreement.termination_reason == "refunded"


def test_a_second_open_dispute_is_refused(market):
    dispute = factories.dispute(market)
    statement, parameters = copied("contracts_dispute", dispute.pk, public_id="dsp_raw")
    refused("dispute_one_open", statement, *parameters)


def test_a_dispute_is_opened_over_an_agreement_in_force(market):
    dispute = factories.dispute(market)
    services.resolve_dispute(
        actor=market.operator, dispute=dispute.public_id, outcome="dismissed", reason="根拠なし"
    )
    run(
        "UPDATE contracts_agreement SET state = 'terminated', terminated_at = now(), termination_reason = 'refunded'"
    )
    statement, parameters = copied(
        "contracts_dispute", dispute.pk, public_id="dsp_raw", state="open", outcome=None, finding=None,
        resolved_by=None, resolved_at=None,
    )  # fmt: skip
    refused("agreement in force", statement, *parameters)


@pytest.mark.parametrize(
    ("guard", "change"),
    [
        ("dispute_resolved_how", "state = 'resolved'"),
        ("dispute_resolved_how", "outcome = 'refund'"),
        ("cannot be changed", "text = 'x'"),
        ("cannot be changed", "reason_code = 'other'"),
    ],
)
def test_a_ruling_says_how(market, guard, change):
    factories.dispute(market)
    refused(guard, f"UPDATE contracts_dispute SET {change}")


def test_a_ruling_is_kept(market):
    dispute = factories.dispute(market)
    services.resolve_dispute(
        actor=market.operator, dispute=dispute.public_id, outcome="dismissed", reason="根拠なし"
    )
    refused("recorded cannot be changed", "UPDATE contracts_dispute SET outcome = 'refund'")
    refused("recorded cannot be changed", "UPDATE contracts_dispute SET finding = 'x'")
    assert Dispute.objects.get().outcome == "dismissed"


@pytest.mark.parametrize(
    ("guard", "changes"),
    [
        ("never pass the price", {"amount_minor": 99_001}),
        ("adjustment_positive", {"amount_minor": 0, "debtor": "buyer"}),
        ("adjustment_debtor", {"debtor": "broker"}),
        ("currency of an agreement", {"currency": "USD"}),
        ("adjustment_reason", {"reason": ""}),
    ],
)
def test_corrections_never_pass_the_price(market, guard, changes):
    row = factories.adjustment(market)
    statement, parameters = copied("contracts_adjustment", row.pk, public_id="adj_raw", **changes)
    refused(guard, statement, *parameters)


def breaches(name: str) -> int:
    return len(REGISTER[f"contracts.{name}"].check())


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("agreed_is_signed", "UPDATE contracts_agreement SET price_minor = 1"),
        ("agreed_is_signed", "DELETE FROM contracts_signature WHERE party = 'buyer'"),
        ("signed_verifies", "UPDATE contracts_instrument SET text_ja = text_ja || '。'"),
        ("signed_verifies", "UPDATE contracts_instrument SET content = replace(content, 'PO-', 'XX-')"),
        ("signed_verifies", "UPDATE contracts_signature SET signer = 'somebody_else'"),
        ("signed_verifies", "UPDATE contracts_signature SET jws = 'x'"),
        ("proposals_kept", "UPDATE contracts_proposal SET number = 7"),
        ("steps_signed", "UPDATE contracts_negotiation SET state = 'agreed'"),
        ("independent_parties", "UPDATE contracts_negotiation SET buyer_identifier = seller_identifier"),
        ("independent_parties", "UPDATE contracts_agreement SET buyer_id = seller_id"),
        ("ends_explained", "UPDATE contracts_agreement SET state = 'terminated'"),
        ("ends_explained", "UPDATE contracts_negotiation SET respond_by = NULL, state = 'agreed'"),
        ("corrections_within_price", "UPDATE contracts_agreement SET price_minor = 999"),
    ],
)
def test_the_check_finds_what_got_past_every_guard(market, name, statement):
    factories.adjustment(market)
    assert breaches(name) == 0
    connection.check_constraints()
    run("ALTER TABLE contracts_agreement DROP CONSTRAINT agreement_terminated_why")
    run("ALTER TABLE contracts_negotiation DROP CONSTRAINT negotiation_respond_by")
    forced(statement)
    assert breaches(name) == 1


def test_every_state_of_the_protocol_is_a_state_here():
    assert [state.upper() for state in NegotiationState.values] == [
        "REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED",
    ]  # fmt: skip
