"""Disputes over deliveries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import services
from contracts.errors import AgreementEnded, DisputeAlreadyOpen, RedeliveryTooLate
from contracts.models import Dispute
from contracts.states import TerminationReason
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing, PermissionNeeded
from marketplace.kernel.invariants import REGISTER
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation
from tests.roles import assert_refused, unguarded

from . import factories
from .raw import refused as refused_by_database
from .raw import run
from .refusals import refused
from .test_invariants import breaches


def complain(market, agreement, **changes):
    facts = {
        "actor": market.buyer,
        "agreement": agreement.public_id,
        "reason_code": "incomplete",
        "text": "欠落",
    }
    return services.open_dispute(**{**facts, **changes})


def rule(market, dispute, **changes):
    facts = {
        "actor": market.operator,
        "dispute": dispute.public_id,
        "outcome": "redelivery",
        "reason": " 確認 ",
    }
    ruling = {**facts, **changes}
    if Dispute.objects.filter(public_id=dispute.public_id, state="open", mediators=None).exists():
        factories.ready(dispute.public_id, market.operator)
    return services.resolve_dispute(**ruling)


def open_disputes():
    return list(Dispute.objects.filter(state="open").values_list("public_id", flat=True))


def test_the_buyer_complains(market):
    agreement = factories.agreement(market)
    dispute = complain(market, agreement, text=" 12月分がない ")
    assert (dispute.state, dispute.reason_code, dispute.text, dispute.opened_by) == (
        "open",
        "incomplete",
        "12月分がない",
        market.buyer.identifier,
    )
    assert factories.events("dispute.opened") == [
        {
            "dispute": dispute.public_id,
            "agreement": agreement.public_id,
            "buyer": market.buyer.organisation,
            "seller": market.seller.organisation,
            "reason_code": "incomplete",
            "opened_as": "buyer",
        }
    ]
    assert open_disputes() == [dispute.public_id]
    record = EvidenceRecord.objects.get(subject=dispute.public_id)
    assert record.kind == "contracts.dispute_opened"
    assert "12月" not in str(record.payload)


@pytest.mark.parametrize("outcome", ["dismissed", "redelivery", "refund", "termination"])
def test_the_operator_rules(market, outcome):
    dispute = factories.dispute(market)
    ruled = rule(market, dispute, outcome=outcome)
    ruled.refresh_from_db()
    assert (ruled.state, ruled.outcome, ruled.finding, ruled.resolved_by) == (
        "resolved",
        outcome,
        "確認",
        market.operator.identifier,
    )
    (event,) = factories.events("dispute.resolved")
    assert (event["dispute"], event["outcome"]) == (dispute.public_id, outcome)
    assert open_disputes() == []
    with refused(IllegalTransition, state="resolved"):
        rule(market, dispute)


def test_one_dispute_is_open_at_a_time(market):
    dispute = factories.dispute(market)
    with refused(DisputeAlreadyOpen, dispute=dispute.public_id):
        complain(market, dispute.agreement)
    rule(market, dispute)
    assert complain(market, dispute.agreement).state == "open"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason_code": "bored"}, "reason_code"),
        ({"text": " "}, "text"),
        ({"text": "x" * 5_001}, "text"),
        ({"text": "a\x00"}, "text"),
    ],
)
def test_a_faulty_complaint_is_refused_by_name(market, changes, field):
    agreement = factories.agreement(market)
    with refused(FieldInvalid, name=field):
        complain(market, agreement, **changes)


def test_only_the_buyer_complains(market):
    agreement = factories.agreement(market)
    for who in (market.seller, SYSTEM):
        with refused(Forbidden, needed="the buyer"):
            complain(market, agreement, actor=who)
    with refused(PermissionNeeded, permission="deliveries:answer"):
        complain(market, agreement, actor=market.operator)
    with refused(Missing, kind="agreement"):
        complain(market, agreement, actor=market.stranger)


def test_only_the_operator_rules(market):
    dispute = factories.dispute(market)
    factories.ready(dispute, market.operator)
    for who in (market.buyer, market.seller, market.stranger):
        with refused(PermissionNeeded, permission="disputes:write"):
            rule(market, dispute, actor=who)
    with refused(IllegalTransition, role="system"):
        rule(market, dispute, actor=SYSTEM)
    with refused(FieldInvalid, name="outcome"):
        rule(market, dispute, outcome="shrug")
    with refused(FieldInvalid, name="reason"):
        rule(market, dispute, reason="")
    with refused(Missing, kind="dispute"):
        services.resolve_dispute(actor=market.operator, dispute="dsp_nowhere", outcome="refund", reason="x")


def test_an_agreement_that_ended_is_no_longer_disputed(market):
    agreement = factories.agreement(market)
    services.terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    with refused(AgreementEnded, agreement=agreement.public_id):
        complain(market, agreement)


def test_a_dispute_over_an_ended_agreement_can_only_be_dismissed(market):
    dispute = factories.dispute(market)
    factories.ready(dispute, market.operator)
    services.terminate_agreement(
        agreement=dispute.agreement.public_id, reason_code=TerminationReason.REFUNDED, cause="trade.refunded"
    )
    for outcome in ("redelivery", "refund"):
        with refused(AgreementEnded):
            rule(market, dispute, outcome=outcome)
    assert rule(market, dispute, outcome="dismissed").outcome == "dismissed"


def test_nothing_is_delivered_again_once_access_is_over(market):
    clock.move_to(clock.now(), running=False)
    dated = factories.agreement(market, rights={"valid_until": str(clock.today() + timedelta(days=60))})
    dispute = complain(market, dated)
    clock.move_to(clock.now() + timedelta(days=61), running=False)
    factories.ready(dispute.public_id, market.operator)
    assert services.record_silences() == 1
    with refused(RedeliveryTooLate, dispute=dispute.public_id):
        rule(market, dispute, outcome="redelivery")
    by_hand = (
        "UPDATE contracts_dispute SET state = 'resolved', outcome = 'redelivery', finding = 'x',"
        f" resolved_by = '{market.operator.identifier}', resolved_at = public.business_now()"
    )
    refused_by_database("once access is over", by_hand)
    with unguarded("contracts_dispute"):
        run(by_hand)
    assert breaches("redelivered_in_time") == 1


def test_a_dispute_of_what_is_inspected_after_the_end_returns_the_price_or_is_dismissed(market):
    agreement = factories.agreement(market)
    services.terminate_agreement(
        agreement=agreement.public_id, reason_code=TerminationReason.PAYMENT_FAILED, cause="not_funded"
    )
    dispute = complain(market, agreement)
    factories.ready(dispute.public_id, market.operator)
    for outcome in ("redelivery", "termination"):
        with refused(AgreementEnded):
            rule(market, dispute, outcome=outcome)
    assert rule(market, dispute, outcome="refund").outcome == "refund"


def test_the_database_recuses_who_is_related_to_a_party(market):
    dispute = factories.dispute(market)
    factories.ready(dispute, market.operator)
    party = Organisation.objects.get(pk=market.seller.organisation_id)
    participants.declare_interest(
        actor=market.operator, organisation=party.public_id, kind="family", statement="親族が勤務しています。"
    )
    with refused(Recused, organisation=party.public_id):
        rule(market, dispute)
    statement = (
        "UPDATE contracts_dispute SET state = 'resolved', outcome = 'dismissed', finding = 'x', resolved_by = %s,"
        " resolved_at = public.business_now()"
    )

    def resolve():
        with connection.cursor() as cursor:
            cursor.execute(statement, [market.operator.identifier])

    assert_refused(resolve, because="declared an interest in a party")
    assert open_disputes() == [dispute.public_id]
    clock.move_to(clock.now() + timedelta(minutes=1))
    with unguarded("contracts_dispute"):
        resolve()
    assert len(REGISTER["contracts.unrelated_resolve_disputes"].check()) == 1
