"""How a dispute goes: who opens which, what both sides state, who decides, and what time does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contracts import services
from contracts.disputing.errors import (
    AlreadyStated,
    CannotMediate,
    DisputedBefore,
    DisputeLate,
    NoMediatorToObject,
    NotHeard,
    NotItsMediator,
    OtherDisputeFirst,
    RemedyImpossible,
    StatementLate,
)
from contracts.disputing.models import Remedy
from contracts.disputing.queries import evidence_of, visible_disputes
from contracts.errors import DisputeAlreadyOpen, PriceExceeded
from contracts.models import Adjustment, Agreement, Dispute
from listings import services as listings
from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing
from marketplace.notices.models import Task
from tests.contracts import factories
from tests.contracts.conftest import market as market
from tests.contracts.raw import refused as refused_by_database
from tests.contracts.refusals import refused
from tests.contracts.test_races import broken
from tests.participants import factories as participants
from tests.roles import unguarded

pytestmark = pytest.mark.django_db

USE = {"reason_code": "use_outside_rights", "text": "域外で利用されている"}


def speaks(market, side: str):
    return factories.speaker(market.organisation(side))


def against(market, agreement, **changes):
    return services.open_against(
        **{"actor": speaks(market, "seller"), "agreement": agreement.public_id, **USE, **changes}
    )


def open_task(subject: str, kind: str) -> bool:
    return Task.objects.filter(subject=subject, kind=kind, state="open").exists()


def test_a_seller_disputes_the_use_and_the_buyer_its_delivery_beside_it(market):
    agreement = factories.agreement(market)
    own = against(market, agreement, claims=[{"claim": "stop_of_use"}, {"claim": "suspension"}])
    assert (own.opened_as, own.state, [claim["claim"] for claim in own.claims]) == (
        "seller", "open", ["stop_of_use", "suspension"],
    )  # fmt: skip
    with refused(DisputeAlreadyOpen, dispute=own.public_id):
        against(market, agreement)
    other = services.open_dispute(
        actor=market.buyer, agreement=agreement.public_id, reason_code="damaged", text="読めない"
    )
    assert [event["opened_as"] for event in factories.events("dispute.opened")] == ["seller", "buyer"]
    assert open_task(own.public_id, "answer")
    assert (other.answer_by, other.decide_by) > (own.opened_at, own.opened_at)
    assert broken() == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason_code": "incomplete"}, "reason_code"),
        ({"text": " "}, "text"),
        ({"claims": [{"claim": "refund"}]}, "claims"),
        ({"claims": [{"claim": "damages"}]}, "claims"),
        ({"claims": [{"claim": "suspension", "amount_minor": 1}]}, "claims"),
        ({"claims": [{"claim": "suspension"}] * 2}, "claims"),
    ],
)
def test_what_a_seller_may_not_state_is_named(market, changes, field):
    agreement = factories.agreement(market)
    speaks(market, "seller")
    with refused(FieldInvalid, name=field):
        against(market, agreement, **changes)


def stake_of(market, holder: str) -> str:
    row = listings.state_stake(
        actor=speaks(market, "seller"), listing=market.listing, holder=holder, kind="licensor",
        since=date(2020, 1, 1),
    )  # fmt: skip
    return str(row.public_id)


def test_a_third_party_disputes_by_its_stake_and_sees_nothing_else(market):
    agreement = factories.agreement(market)
    third = speaks(market, "stranger")
    stake = stake_of(market, str(third.organisation))
    foreign = stake_of(market, "高松市")
    stated = {"actor": third, "reason_code": "infringement", "text": "許諾の範囲外"}
    for wrong in (foreign, "stk_none"):
        with refused(Missing, kind="agreement"):
            against(market, agreement, **stated, stake=wrong)
    with refused(Missing, kind="agreement"):
        against(market, agreement, **{**stated, **USE})
    dispute = against(market, agreement, **stated, stake=stake)
    assert (dispute.opened_as, dispute.third_party_id) == ("third_party", third.organisation_id)
    assert list(visible_disputes(third)) == [dispute]
    services.answer_dispute(actor=speaks(market, "seller"), dispute=dispute.public_id, text="範囲内である")
    services.answer_dispute(actor=speaks(market, "buyer"), dispute=dispute.public_id, text="善意である")
    services.reply_in_dispute(actor=third, dispute=dispute.public_id, text="範囲外である")
    factories.resolve(dispute, market.operator, "stop_of_use")
    assert Remedy.objects.get().kind == "use_stopped"
    assert broken() == {}


def test_both_sides_state_once_in_time(market):
    dispute = factories.dispute(market).public_id
    buyer, seller, stranger = (speaks(market, side) for side in ("buyer", "seller", "stranger"))
    with refused(StatementLate):
        services.answer_dispute(actor=buyer, dispute=dispute, text="自分に答える")
    with refused(StatementLate):
        services.reply_in_dispute(actor=buyer, dispute=dispute, text="まだ答弁がない")
    services.answer_dispute(actor=seller, dispute=dispute, text="揃っている")
    assert not open_task(dispute, "answer")
    with refused(AlreadyStated):
        services.answer_dispute(actor=seller, dispute=dispute, text="もう一度")
    services.reply_in_dispute(actor=buyer, dispute=dispute, text="揃っていない")
    clock.move_to(clock.now() + timedelta(days=8), running=False)
    with refused(StatementLate):
        services.reply_in_dispute(actor=seller, dispute=dispute, text="遅い")
    with refused(Missing, kind="dispute"):
        services.answer_dispute(actor=stranger, dispute=dispute, text="部外者")


def test_a_dispute_waits_for_the_answer_or_its_time(market):
    dispute = factories.dispute(market)
    ruling = {"actor": market.operator, "dispute": dispute.public_id, "outcome": "refund", "reason": "欠落"}
    services.assign_mediator(
        actor=market.operator, dispute=dispute.public_id, person=market.operator.identifier
    )
    with refused(NotHeard):
        services.resolve_dispute(**ruling)
    assert services.record_silences() == 0
    clock.move_to(dispute.answer_by, running=False)
    assert (services.record_silences(), services.record_silences()) == (1, 0)
    participants.keep_proved(market.operator.identifier)
    assert services.resolve_dispute(**ruling).unanswered_at == dispute.answer_by
    assert broken() == {}


def test_only_the_mediator_decides_and_a_side_objects_once(market):
    dispute = factories.dispute(market).public_id
    operator = market.organisation("operator")
    other, third = (participants.actor_for(operator, f"usr_{name}") for name in ("other", "third"))
    ruling = {"dispute": dispute, "outcome": "dismissed", "reason": "根拠なし"}
    with refused(NotItsMediator, mediator=""):
        services.resolve_dispute(actor=market.operator, **ruling)
    with refused(CannotMediate):
        services.assign_mediator(actor=market.operator, dispute=dispute, person="usr_nobody")
    services.assign_mediator(actor=market.operator, dispute=dispute, person=other.identifier)
    with refused(NotItsMediator, mediator=other.identifier):
        services.resolve_dispute(actor=market.operator, **ruling)
    with refused(CannotMediate):
        services.assign_mediator(actor=market.operator, dispute=dispute, person=third.identifier)
    buyer = speaks(market, "buyer")
    services.object_to_mediator(actor=buyer, dispute=dispute, reason="元従業員")
    with refused(CannotMediate):
        services.assign_mediator(actor=market.operator, dispute=dispute, person=other.identifier)
    services.assign_mediator(actor=market.operator, dispute=dispute, person=third.identifier)
    with refused(NoMediatorToObject):
        services.object_to_mediator(actor=buyer, dispute=dispute, reason="もう一度")
    assert services.resolve_dispute(actor=third, **ruling).state == "resolved"
    again = services.open_dispute(
        actor=market.buyer,
        agreement=Dispute.objects.get().agreement.public_id,
        reason_code="damaged",
        text="読めない",
    )
    with refused(CannotMediate):
        services.assign_mediator(actor=market.operator, dispute=again.public_id, person=third.identifier)
    assert broken() == {}


def test_who_opened_it_withdraws_it(market):
    dispute = factories.dispute(market).public_id
    buyer, seller = speaks(market, "buyer"), speaks(market, "seller")
    with refused(Forbidden):
        services.withdraw_dispute(actor=seller, dispute=dispute)
    ended = services.withdraw_dispute(actor=buyer, dispute=dispute, reason="解消した")
    assert (ended.state, ended.outcome, ended.finding) == ("withdrawn", "withdrawn", "解消した")
    (event,) = factories.events("dispute.resolved")
    assert (event["outcome"], Remedy.objects.count()) == ("withdrawn", 0)
    assert broken() == {}


def test_a_reduction_adjusts_the_price_by_its_amount(market):
    dispute = factories.dispute(market)
    with pytest.raises(FieldInvalid):
        factories.resolve(dispute, market.operator, "reduction")
    ruling = {"actor": market.operator, "dispute": dispute.public_id, "reason": "一部欠落"}
    with refused(FieldInvalid, name="amount_minor"):
        services.resolve_dispute(**ruling, outcome="refund", amount_minor=5)
    services.resolve_dispute(**ruling, outcome="reduction", amount_minor=30_000)
    adjustment, remedy = Adjustment.objects.get(), Remedy.objects.get()
    assert (adjustment.debtor, adjustment.amount_minor, remedy.reference) == (
        "seller", 30_000, adjustment.public_id,
    )  # fmt: skip
    assert services.remedy_done(reference=adjustment.public_id, kind="price_adjusted")
    assert not services.remedy_done(reference=adjustment.public_id, kind="price_adjusted")
    assert broken() == {}


@pytest.mark.parametrize(
    ("outcome", "amount_minor", "reason"),
    [("termination", None, "buyer_breach"), ("payment", 500, None), ("stop_of_use", None, None)],
)
def test_a_sellers_dispute_ends_with_what_it_may(market, outcome, amount_minor, reason):
    agreement = factories.agreement(market)
    dispute = against(market, agreement)
    factories.resolve(dispute, market.operator, outcome, amount_minor=amount_minor)
    agreement.refresh_from_db()
    assert agreement.termination_reason == reason
    debtors = list(Adjustment.objects.values_list("debtor", flat=True))
    assert debtors == (["buyer"] if outcome == "payment" else [])
    assert broken() == {}


def test_a_payment_is_at_most_the_price_and_what_came_back(market):
    agreement = factories.agreement(market)
    dispute = factories.ready(against(market, agreement), market.operator)
    ruling = {"actor": market.operator, "dispute": dispute, "outcome": "payment", "reason": "不足"}
    with refused(PriceExceeded, remaining_minor=agreement.price_minor):
        services.resolve_dispute(**ruling, amount_minor=agreement.price_minor + 1)
    services.resolve_dispute(**ruling, amount_minor=agreement.price_minor)
    assert broken() == {}


def test_nobody_replaces_a_mediator_of_a_dispute_that_is_over(market):
    dispute = factories.ready(factories.dispute(market), market.operator)
    services.object_to_mediator(actor=speaks(market, "seller"), dispute=dispute, reason="利害関係がある")
    assert Task.objects.filter(kind="look_into", state="open").count() == 1
    services.withdraw_dispute(actor=speaks(market, "buyer"), dispute=dispute)
    assert not Task.objects.filter(kind="look_into", state="open").exists()


def test_after_acceptance_the_buyer_disputes_for_the_days_of_the_plan(market):
    agreement, accepted_at = factories.agreement(market), clock.now()
    stated = {
        "actor": market.buyer,
        "agreement": agreement.public_id,
        "reason_code": "rights_defect",
        "text": "権利がない",
        "accepted_at": accepted_at,
    }
    dispute = services.open_dispute(**stated)
    factories.ready(dispute, market.operator)
    ruling = {"actor": market.operator, "dispute": dispute.public_id, "reason": "権利がない"}
    with refused(RemedyImpossible):
        services.resolve_dispute(**ruling, outcome="redelivery")
    services.resolve_dispute(**ruling, outcome="refund")
    assert Agreement.objects.get().termination_reason == "refunded"
    (event,) = factories.events("dispute.resolved")
    assert event["after_acceptance"] is True
    late = factories.agreement(market)
    clock.move_to(accepted_at + timedelta(days=31), running=False)
    with refused(DisputeLate, days="30"):
        services.open_dispute(**{**stated, "agreement": late.public_id})


def test_what_was_accepted_is_disputed_once_for_each_reason(market):
    agreement, accepted_at = factories.agreement(market), clock.now()
    stated = {
        "actor": market.buyer,
        "agreement": agreement.public_id,
        "text": "権利がない",
        "accepted_at": accepted_at,
    }
    first = services.open_dispute(**stated, reason_code="rights_defect")
    services.withdraw_dispute(actor=speaks(market, "buyer"), dispute=first.public_id)
    with refused(DisputedBefore, dispute=first.public_id):
        services.open_dispute(**stated, reason_code="rights_defect")
    again = (
        "INSERT INTO contracts_dispute (public_id, salt, agreement_id, opened_as, reason_code, text, claims, opened_by, opened_at,"
        " answer_by, decide_by, accepted_at, state, stake, resolved_first)"
        " SELECT 'dsp_again', salt, agreement_id, opened_as, reason_code, text, claims, opened_by, public.business_now(),"
        " answer_by, decide_by, accepted_at, 'open', stake, '' FROM contracts_dispute"
    )
    refused_by_database("what was accepted is disputed once for each reason", again)
    other = services.open_dispute(**stated, reason_code="other")
    assert broken() == {}
    with unguarded("contracts_dispute"):
        Dispute.objects.filter(pk=other.pk).update(reason_code="rights_defect")
    assert [row["public_id"] for row in broken()["contracts.disputed_lawfully"]] == [other.public_id]


def test_what_holds_money_is_decided_before_the_agreement_ends(market):
    dispute = factories.dispute(market)
    own = against(market, dispute.agreement)
    factories.ready(own, market.operator)
    with refused(OtherDisputeFirst, dispute=dispute.public_id):
        services.resolve_dispute(
            actor=market.operator, dispute=own.public_id, outcome="termination", reason="違反"
        )


def test_time_reminds_and_escalates_what_is_not_decided_or_carried_out(market):
    dispute = factories.dispute(market)
    clock.move_to(dispute.decide_by - timedelta(days=1), running=False)
    assert (services.remind_mediators(), services.remind_mediators()) == (1, 0)
    assert (services.escalate_disputes(), open_task(dispute.public_id, "look_into")) == (0, True)
    clock.move_to(dispute.decide_by, running=False)
    assert (services.escalate_disputes(), services.escalate_disputes()) == (1, 0)
    services.record_silences()
    participants.keep_proved(market.operator.identifier)
    services.assign_mediator(
        actor=market.operator, dispute=dispute.public_id, person=market.operator.identifier
    )
    services.resolve_dispute(
        actor=market.operator, dispute=dispute.public_id, outcome="refund", reason="欠落"
    )
    assert not open_task(dispute.public_id, "look_into")
    clock.move_to(Remedy.objects.get().due_by, running=False)
    assert (services.escalate_remedies(), services.escalate_remedies()) == (1, 0)
    assert open_task(dispute.public_id, "look_into")
    assert services.remedy_done(dispute=dispute.public_id, kind="money_back")
    assert not open_task(dispute.public_id, "look_into")


def test_both_parties_read_the_markets_records_about_the_agreement(market):
    dispute = factories.dispute(market)
    kinds = {row["kind"] for row in evidence_of(dispute)}
    assert {"contracts.agreement_concluded", "contracts.dispute_opened"} <= kinds
