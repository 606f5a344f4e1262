"""The database refuses what Python would not do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from contracts import queries, services
from contracts.models import Dispute, Negotiation
from contracts.states import TerminationReason
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.services import suspend_participant
from tests.participants import factories as people
from tests.roles import unguarded

from . import factories
from .raw import copied, refused

APPEND_ONLY = (
    "contracts_clause",
    "contracts_template",
    "contracts_proposal",
    "contracts_instrument",
    "contracts_signature",
)


def new_negotiation(negotiation: Negotiation, **changes: Any) -> tuple[str, list[Any]]:
    facts = {"public_id": "ngt_raw", "agreement_identifier": "agr_raw", "reference": "RAW"}
    return copied("contracts_negotiation", negotiation.pk, **{**facts, **changes})


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_is_append_only(market, table, statement):
    factories.adjustment(market)
    refused("append-only|are kept", statement.format(table))


@pytest.mark.parametrize(
    "table", ["contracts_negotiation", "contracts_agreement", "contracts_dispute", "contracts_adjustment"]
)
def test_rows_are_kept(market, table):
    factories.dispute(market)
    factories.adjustment(market)
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
    suspend_participant(
        actor=SYSTEM, organisation=market.buyer.organisation, reason_code="review", reason="確認中"
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
    refused(
        "negotiation_respond_by|trading was halted",
        f"UPDATE contracts_negotiation SET respond_by = NULL {waiting}",
    )
    refused("negotiation_ended_why", f"UPDATE contracts_negotiation SET end_reason_code = 'x' {waiting}")


def test_an_end_is_for_good(market):
    agreement = factories.agreement(market)
    services.terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
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
    factories.resolve(dispute.public_id, market.operator, outcome="dismissed", reason="根拠なし")
    services.terminate_agreement(
        agreement=dispute.agreement.public_id,
        reason_code=TerminationReason.REFUNDED,
        cause="trade.refunded",
    )
    statement, parameters = copied(
        "contracts_dispute", dispute.pk, public_id="dsp_raw", state="open", outcome=None, finding=None,
        resolved_by=None, resolved_at=None,
    )  # fmt: skip
    refused("agreement in force", statement, *parameters)


@pytest.mark.parametrize(
    ("guard", "change"),
    [
        ("decided by its mediator", "state = 'resolved'"),
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
    factories.resolve(dispute.public_id, market.operator, outcome="dismissed", reason="根拠なし")
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


@pytest.mark.parametrize(
    "rights", [{"contract_type": "transfer", "onward_transfer": "prohibited"}, {"duration": "P0Y0M0D"}]
)
def test_rights_that_never_permit_what_they_sell_are_refused(market, rights):
    proposal = queries.latest_proposal(factories.offered(market))
    breaches = REGISTER["contracts.rights_usable"].check
    assert breaches() == []
    terms = json.dumps({**proposal.terms, "rights": {**proposal.terms["rights"], **rights}})
    with unguarded("contracts_proposal"), connection.cursor() as cursor:
        statement = "UPDATE contracts_proposal SET terms = %s WHERE id = %s"
        with pytest.raises(IntegrityError, match="proposal_rights_usable"), transaction.atomic():
            cursor.execute(statement, [terms, proposal.pk])
        cursor.execute("ALTER TABLE contracts_proposal DROP CONSTRAINT proposal_rights_usable")
        cursor.execute(statement, [terms, proposal.pk])
    assert len(breaches()) == 1


def test_rights_that_end_before_they_are_paid_for_are_refused(market):
    proposal = queries.latest_proposal(factories.offered(market))
    rights = {**proposal.terms["rights"], "valid_until": clock.today().isoformat()}
    terms = json.dumps({**proposal.terms, "rights": rights, "funding_days": 3})
    statement, parameters = copied("contracts_proposal", proposal.pk, number=3, terms=terms)
    refused("end before they are paid for", statement, *parameters)
    with unguarded("contracts_proposal"), connection.cursor() as cursor:
        cursor.execute("UPDATE contracts_proposal SET terms = %s WHERE id = %s", [terms, proposal.pk])
    assert len(REGISTER["contracts.rights_usable"].check()) == 1
