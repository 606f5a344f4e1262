"""A delivery is accepted by the buyer, by silence or by a dismissed dispute; or it is repeated, or undone."""

from datetime import timedelta

import pytest

from contracts import services as contracts
from contracts.errors import AgreementEnded
from contracts.models import Dispute
from contracts.states import TerminationReason
from delivery import handlers, queries, services, tasks
from delivery.errors import InspectionOver, InspectionPeriodEnded, NotMatched, NotTheBuyer, UnderDispute
from delivery.models import Inspection
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.contracts import DisputeResolved
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import FieldInvalid, Forbidden, Missing, PermissionNeeded
from tests.contracts import factories as trading
from tests.participants import factories as participants
from tests.poison import RUNS, aside, let_pauses_pass, poisoned, tasks_to_repair

from . import factories
from .conftest import TUESDAY, recorded, told

pytestmark = pytest.mark.django_db


def accept(granted, actor=None):
    return services.accept_delivery(actor=actor or granted.buyer_actor, entitlement=granted.entitlement)


def resolve(granted, dispute, outcome, mediator="usr_operator"):
    """Somebody of the operator decides, and delivery hears of it."""
    trading.resolve(dispute, factories.operator_actor(mediator), outcome=outcome, reason="Looked into.")
    hear_of(dispute)


def hear_of(dispute):
    """Delivery handles the latest event that a dispute was resolved."""
    event = OutboxEvent.objects.filter(type="dispute.resolved", data__dispute=dispute).latest("id")
    handlers.on_dispute_resolved(DisputeResolved(**event.data), envelope_of(event))


def accepted_event(granted, by):
    return {
        "entitlement": granted.entitlement,
        "agreement": granted.agreement,
        "trade": granted.trade,
        "buyer": granted.buyer.public_id,
        "seller": granted.seller.public_id,
        "by": by,
    }


def test_the_buyer_accepts_what_matched(matched):
    assert accept(matched).public_id == matched.entitlement
    inspection = matched.inspection
    assert (inspection.state, inspection.accepted_at, inspection.accepted_by) == (
        "accepted",
        TUESDAY,
        "buyer",
    )
    assert matched.row.state == "started"
    assert told("delivery.accepted") == [accepted_event(matched, "buyer")]
    assert recorded(matched.entitlement)[-1] == "delivery.accepted"


def test_nothing_is_accepted_before_it_matched(tuesday, unchanged):
    granted = factories.granted(contents=(b"a,b\n1,2\n", b"c,d\n3,4\n"))
    unchanged()
    with pytest.raises(NotMatched) as refusal:
        accept(granted)
    assert refusal.value.fields["distributions"] == sorted(granted.distributions)
    assert unchanged()
    services.report_receipt(
        actor=granted.buyer_actor,
        entitlement=granted.entitlement,
        distribution=granted.distributions[0],
        sha256=factories.sha256(granted.fetch(0)),
    )
    granted.fetch(1)
    unchanged()
    with pytest.raises(NotMatched) as refusal:
        accept(granted)
    assert refusal.value.fields["distributions"] == [granted.distributions[1]]
    assert unchanged()


def test_a_delivery_is_accepted_once(matched, unchanged):
    accept(matched)
    unchanged()
    with pytest.raises(InspectionOver):
        accept(matched)
    assert unchanged()


def test_only_the_buyer_accepts_or_complains(matched, unchanged):
    operator = factories.operator_actor()
    stranger = participants.actor_for(participants.organisation("stranger"))
    unchanged()
    for actor, refusal in (
        (matched.seller_actor, NotTheBuyer),
        (operator, PermissionNeeded),
        (SYSTEM, NotTheBuyer),
        (stranger, Missing),
    ):
        with pytest.raises(refusal):
            accept(matched, actor)
        with pytest.raises(refusal):
            services.dispute_delivery(
                actor=actor, entitlement=matched.entitlement, reason_code="incomplete", text="December."
            )
    assert unchanged()


def test_silence_accepts_at_the_end_of_the_period(matched):
    end = matched.inspection.inspect_by
    clock.move_to(end - timedelta(seconds=1), running=False)
    assert (services.lapse_inspections(), queries.overdue_count()) == (0, 0)
    assert matched.inspection.state == "running"
    clock.move_to(end, running=False)
    assert queries.overdue_count() == 1
    tasks.sweep()
    inspection = matched.inspection
    assert (inspection.state, inspection.accepted_at, inspection.accepted_by) == ("accepted", end, "lapse")
    assert told("delivery.accepted") == [accepted_event(matched, "lapse")]
    assert (services.lapse_inspections(), queries.overdue_count()) == (0, 0)
    assert len(told("delivery.accepted")) == 1


def test_silence_does_not_accept_what_was_never_sent_as_a_whole(tuesday, unchanged):
    granted = factories.granted(contents=(b"a,b\n1,2\n", b"c,d\n3,4\n"))
    granted.fetch()
    clock.move_to(TUESDAY + timedelta(days=400), running=False)
    unchanged()
    tasks.sweep()
    assert unchanged()


def test_the_buyer_may_accept_after_the_period_as_long_as_nobody_did(matched):
    clock.move_to(matched.inspection.inspect_by + timedelta(hours=1), running=False)
    accept(matched)
    assert matched.inspection.accepted_by == "buyer"
    assert services.lapse_inspections() == 0
    assert told("delivery.accepted") == [accepted_event(matched, "buyer")]


def test_a_sweep_takes_as_many_as_it_is_told(tuesday):
    first = factories.granted()
    second = factories.granted(buyer=first.buyer, seller=first.seller)
    for granted in (first, second):
        granted.receive()
    clock.move_to(first.inspection.inspect_by, running=False)
    assert services.lapse_inspections(limit=1) == 1
    assert (first.inspection.state, second.inspection.state) == ("accepted", "running")
    assert services.lapse_inspections(limit=1) == 1
    assert second.inspection.state == "accepted"


def test_an_inspection_that_cannot_lapse_holds_back_no_other(tuesday):
    factories.operator_actor()
    first = factories.granted()
    second = factories.granted(buyer=first.buyer, seller=first.seller)
    for granted in (first, second):
        granted.receive()
    clock.move_to(first.inspection.inspect_by, running=False)
    with poisoned("delivery_inspection", f"NEW.id = {first.inspection.pk}"):
        for _ in range(RUNS):
            tasks.sweep()
    assert (first.inspection.state, second.inspection.state) == ("running", "accepted")
    assert aside("delivery.lapse") == [first.entitlement]
    ((title, state),) = tasks_to_repair()
    assert (first.entitlement in title, state) == (True, "open")
    let_pauses_pass()
    tasks.sweep()
    assert (first.inspection.state, tasks_to_repair()[0][1]) == ("accepted", "done")


def test_a_receipt_that_cannot_be_deemed_holds_back_no_other(tuesday):
    factories.operator_actor()
    first = factories.granted()
    second = factories.granted(buyer=first.buyer, seller=first.seller)
    for granted in (first, second):
        granted.fetch()
    clock.move_to(tuesday + timedelta(minutes=10), running=False)
    with poisoned("delivery_inspection", f"NEW.id = {first.inspection.pk}"):
        for _ in range(RUNS):
            services.deem_receipts()
    assert (first.inspection.state, second.inspection.state) == ("awaiting", "running")
    assert aside("delivery.deem_receipts") == [first.entitlement]
    let_pauses_pass()
    assert services.deem_receipts() == 1
    assert (first.inspection.state, aside("delivery.deem_receipts")) == ("running", [])


def test_a_sweep_that_cannot_even_set_a_row_aside_stands_aside_itself(matched):
    factories.operator_actor()
    clock.move_to(matched.inspection.inspect_by, running=False)
    with (
        poisoned("delivery_inspection", f"NEW.id = {matched.inspection.pk}"),
        poisoned("kernel_asiderow", "NEW.loop = 'delivery.lapse'"),
    ):
        for _ in range(RUNS):
            tasks.sweep()
        assert aside("delivery.sweep") == ["lapse_inspections"]
        assert [state for _, state in tasks_to_repair()] == ["open"]
    let_pauses_pass()
    tasks.sweep()
    assert (matched.inspection.state, tasks_to_repair()[0][1]) == ("accepted", "done")


def test_a_dispute_holds_the_delivery(matched):
    identifier = matched.dispute()
    dispute = Dispute.objects.get()
    assert dispute.public_id == identifier
    inspection = matched.inspection
    assert (inspection.state, inspection.dispute, inspection.disputed_at) == ("disputed", identifier, TUESDAY)
    assert [event["dispute"] for event in told("dispute.opened")] == [identifier]
    assert recorded(matched.entitlement)[-1] == "delivery.disputed"
    clock.move_to(inspection.inspect_by + timedelta(days=30), running=False)
    assert services.lapse_inspections() == 0
    assert matched.inspection.state == "disputed"
    assert queries.counts() == {"granted": 1, "matched": 1, "disputed": 1}


def test_what_never_matched_can_be_disputed(granted):
    identifier = granted.dispute()
    inspection = granted.inspection
    assert (inspection.state, inspection.dispute, inspection.matched_at) == ("disputed", identifier, None)
    assert queries.counts() == {"granted": 1, "matched": 0, "disputed": 1}


def test_while_disputed_nothing_is_accepted_or_disputed_again(matched, unchanged):
    dispute = matched.dispute()
    unchanged()
    for attempt in (accept, factories.Granted.dispute):
        with pytest.raises(UnderDispute) as refusal:
            attempt(matched)
        assert refusal.value.fields["dispute"] == dispute
    assert unchanged()


def test_what_was_accepted_is_not_disputed(matched, unchanged):
    accept(matched)
    unchanged()
    with pytest.raises(InspectionOver):
        matched.dispute()
    assert unchanged()


def test_after_the_period_nothing_is_disputed_even_before_the_sweep(matched, unchanged):
    clock.move_to(matched.inspection.inspect_by, running=False)
    unchanged()
    with pytest.raises(InspectionPeriodEnded):
        matched.dispute()
    assert unchanged()
    assert services.lapse_inspections() == 1


def test_what_contracts_refuses_leaves_the_delivery_as_it_was(matched, unchanged):
    unchanged()
    with pytest.raises(FieldInvalid):
        services.dispute_delivery(
            actor=matched.buyer_actor, entitlement=matched.entitlement, reason_code="mood", text="No."
        )
    assert unchanged()
    contracts.terminate_agreement(
        actor=SYSTEM, agreement=matched.agreement, reason_code=TerminationReason.REFUNDED, cause="refunded"
    )
    unchanged()
    with pytest.raises(AgreementEnded):
        matched.dispute()
    assert unchanged()


@pytest.mark.parametrize("receipt", [True, False])
def test_a_dismissed_dispute_accepts(granted, receipt):
    if receipt:
        granted.receive()
    dispute = granted.dispute()
    resolve(granted, dispute, "dismissed")
    inspection = granted.inspection
    assert (inspection.state, inspection.accepted_by, inspection.dispute) == (
        "accepted",
        "dismissal",
        dispute,
    )
    assert told("delivery.accepted") == [accepted_event(granted, "dismissal")]
    assert granted.row.state == "started"
    assert granted.fetch() == granted.contents[0]


def test_a_redelivery_begins_another_round(matched):
    dispute = matched.dispute()
    resolve(matched, dispute, "redelivery")
    first, second = Inspection.objects.order_by("round")
    assert (first.state, first.dispute, first.accepted_at) == ("repeated", dispute, None)
    assert (second.round, second.state, second.matched_at) == (2, "awaiting", None)
    assert [event["entitlement"] for event in told("delivery.granted")] == [matched.entitlement] * 2
    with pytest.raises(NotMatched):
        accept(matched)
    clock.move_to(TUESDAY + timedelta(days=7), running=False)
    assert services.lapse_inspections() == 0
    matched.receive()
    assert matched.inspection.inspect_by == first.inspect_by + timedelta(days=7)
    accept(matched)
    assert matched.inspection.accepted_by == "buyer"
    assert len(told("delivery.matched")) == 2
    assert told("delivery.accepted") == [accepted_event(matched, "buyer")]
    assert queries.counts() == {"granted": 1, "matched": 1, "disputed": 1}


def test_a_second_round_can_be_disputed_too(matched):
    resolve(matched, matched.dispute(), "redelivery")
    second = matched.dispute()
    assert matched.inspection.dispute == second
    resolve(matched, second, "refund", mediator="usr_other")
    assert [row.state for row in Inspection.objects.order_by("round")] == ["repeated", "undone"]


def test_a_refund_undoes_the_delivery_and_ends_access(matched):
    resolve(matched, matched.dispute(), "refund")
    entitlement = matched.row
    assert (entitlement.state, entitlement.ended_at, entitlement.ended_reason) == (
        "terminated", TUESDAY, "refunded",
    )  # fmt: skip
    assert matched.inspection.state == "undone"
    assert told("delivery.accepted") == []
    assert told("delivery.ended") == [
        {
            "entitlement": matched.entitlement,
            "agreement": matched.agreement,
            "buyer": matched.buyer.public_id,
            "seller": matched.seller.public_id,
            "reason_code": "refunded",
            "received": False,
        }
    ]


@pytest.mark.parametrize("outcome", ["dismissed", "redelivery", "refund"])
def test_a_resolution_heard_twice_changes_nothing_more(matched, unchanged, outcome):
    dispute = matched.dispute()
    resolve(matched, dispute, outcome)
    unchanged()
    hear_of(dispute)
    assert unchanged()


@pytest.mark.parametrize("outcome", ["dismissed", "redelivery", "refund"])
def test_a_resolution_of_an_earlier_round_leaves_the_later_one(matched, unchanged, outcome):
    first = matched.dispute()
    resolve(matched, first, "redelivery")
    matched.dispute()
    unchanged()
    services.apply_dispute_outcome(actor=SYSTEM, dispute=first, outcome=outcome)
    services.apply_dispute_outcome(actor=SYSTEM, dispute="dsp_unknown", outcome=outcome)
    assert unchanged()


def test_an_unknown_outcome_is_refused(matched, unchanged):
    dispute = matched.dispute()
    unchanged()
    with pytest.raises(ValueError, match="cannot end as"):
        services.apply_dispute_outcome(actor=SYSTEM, dispute=dispute, outcome="forgotten")
    assert unchanged()


def test_a_participant_settles_no_dispute(matched, unchanged):
    dispute = matched.dispute()
    unchanged()
    for actor in (matched.buyer_actor, matched.seller_actor):
        with pytest.raises(Forbidden):
            services.apply_dispute_outcome(actor=actor, dispute=dispute, outcome="refund")
    assert unchanged()


def test_a_dispute_leaves_access_and_what_was_matched_as_they_were(matched):
    before = matched.inspection
    dispute = matched.dispute()
    assert (matched.row.trade, matched.row.state) == (matched.trade, "started")
    inspection = matched.inspection
    assert (inspection.round, inspection.state, inspection.dispute) == (1, "disputed", dispute)
    assert (inspection.matched_at, inspection.inspect_by) == (TUESDAY, before.inspect_by)
    assert (inspection.accepted_at, inspection.accepted_by) == (None, None)
    assert Dispute.objects.get(state="open").public_id == dispute
