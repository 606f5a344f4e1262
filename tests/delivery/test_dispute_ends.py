"""What the end of a dispute does to access, before and after acceptance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import services as contracts
from contracts.disputing.models import Remedy
from contracts.models import Dispute
from delivery import services
from delivery.errors import InspectionOver, NotAcceptedBefore
from marketplace.kernel.invariants import REGISTER
from tests.contracts import factories as trading
from tests.roles import unguarded

from . import factories
from .test_ends import hear

pytestmark = pytest.mark.django_db

STATED = {"reason_code": "rights_defect", "text": "権利がない"}


def after_acceptance(granted) -> Dispute:
    granted.receive()
    services.accept_delivery(actor=granted.buyer_actor, entitlement=granted.entitlement)
    return services.dispute_delivery(
        actor=granted.buyer_actor, entitlement=granted.entitlement, after_acceptance=True, **STATED
    )


def against(granted) -> Dispute:
    return contracts.open_against(
        actor=trading.speaker(granted.seller), agreement=granted.agreement, reason_code="use_outside_rights",
        text="域外での利用",
    )  # fmt: skip


def test_what_was_accepted_is_disputed_as_such_and_access_goes_on(tuesday):
    granted = factories.granted()
    with pytest.raises(NotAcceptedBefore):
        services.dispute_delivery(
            actor=granted.buyer_actor, entitlement=granted.entitlement, after_acceptance=True, **STATED
        )
    dispute = after_acceptance(granted)
    with pytest.raises(InspectionOver):
        services.dispute_delivery(actor=granted.buyer_actor, entitlement=granted.entitlement, **STATED)
    assert dispute.accepted_at == granted.inspection.accepted_at
    assert (granted.row.state, granted.inspection.state) == ("started", "accepted")
    trading.resolve(dispute, factories.operator_actor(), "refund")
    hear("dispute.resolved")
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "refunded")
    assert granted.inspection.state == "accepted"


def test_a_dispute_of_another_acceptance_is_named(tuesday):
    dispute = after_acceptance(factories.granted())
    check = REGISTER["delivery.disputed_as_accepted"].check
    assert check() == []
    with unguarded("contracts_dispute"):
        Dispute.objects.filter(pk=dispute.pk).update(accepted_at=dispute.accepted_at - timedelta(days=1))
    assert [row["public_id"] for row in check()] == [dispute.public_id]


@pytest.mark.parametrize("outcome", ["reduction", "withdrawn"])
def test_what_stands_counts_as_accepted(tuesday, outcome):
    granted, mediator = factories.granted(), factories.operator_actor()
    dispute = granted.dispute()
    if outcome == "withdrawn":
        contracts.withdraw_dispute(actor=trading.speaker(granted.buyer), dispute=dispute)
    else:
        trading.resolve(dispute, mediator, outcome, amount_minor=5)
    hear("dispute.resolved")
    assert (granted.row.state, granted.inspection.state, granted.inspection.accepted_by) == (
        "started", "accepted", "dismissal",
    )  # fmt: skip


def test_the_use_stops_until_two_people_resume_access(tuesday):
    granted = factories.granted()
    dispute = against(granted)
    assert granted.row.state == "started"
    trading.resolve(dispute, factories.operator_actor(), "stop_of_use")
    hear("dispute.resolved")
    assert (granted.row.state, dispute.public_id in granted.row.suspension_reason) == ("suspended", True)
    assert Remedy.objects.get().done_at is not None
    factories.resume_access(granted.entitlement)
    assert granted.row.state == "started"


def test_a_breach_of_the_buyer_ends_access(tuesday):
    granted = factories.granted()
    trading.resolve(against(granted), factories.operator_actor(), "termination")
    hear("dispute.resolved")
    hear("agreement.terminated")
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "terminated")


def test_a_redelivery_is_said_done(tuesday):
    granted = factories.granted()
    trading.resolve(granted.dispute(), factories.operator_actor(), "redelivery")
    hear("dispute.resolved")
    assert (granted.inspection.round, Remedy.objects.get().done_at is not None) == (2, True)
