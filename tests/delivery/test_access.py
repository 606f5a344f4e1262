"""Access is suspended and resumed by the operator, and ends with the money or with its term."""

from datetime import timedelta

import pytest
from django.db import connection, transaction

from delivery import handlers, queries, services
from delivery.errors import AccessEnded, InspectionOver
from delivery.metrics import SUSPENDED_DELIVERIES, UNREPORTED_DELIVERIES
from delivery.models import Entitlement, Inspection
from delivery.states import SUSPENSION_REASON_LENGTH_MAX
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.clearing import TradeRefunded
from marketplace.events.services import emit, envelope_of
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.commitments import commitment_to
from marketplace.kernel.errors import FieldInvalid, Forbidden, IllegalTransition, Missing
from marketplace.kernel.invariants import REGISTER
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Organisation
from marketplace.participants.services import declare_interest
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import TUESDAY, recorded, told

pytestmark = pytest.mark.django_db

REASON = "The data was seen outside the agreed scope."


def refund(granted):
    """The money goes back, and delivery hears of it."""
    event = TradeRefunded(
        trade=granted.trade,
        agreement=granted.agreement,
        buyer=granted.buyer.public_id,
        seller=granted.seller.public_id,
        amount_minor=52_800,
        currency="JPY",
    )
    stored = OutboxEvent.objects.get(public_id=emit(event))
    handlers.on_trade_refunded(event, envelope_of(stored))


def suspend(granted, actor=None, reason=REASON):
    return services.suspend_access(
        actor=actor or factories.operator_actor(), entitlement=granted.entitlement, reason=reason
    )


def test_the_operator_suspends_and_resumes(granted):
    assert suspend(granted).state == "suspended"
    assert granted.row.suspension_reason == REASON
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            services.resume_access(actor=factories.operator_actor(), entitlement=granted.entitlement)
    assert granted.row.state == "suspended"
    resumed = factories.resume_access(granted.entitlement)
    assert (resumed.state, resumed.resume_first_person, resumed.resumed_by) == (
        "started",
        "usr_operator",
        "usr_second_operator",
    )
    assert granted.row.suspension_reason == ""
    assert granted.fetch() == granted.contents[0]
    assert recorded(granted.entitlement) == [
        "delivery.granted", "delivery.suspended", "delivery.resumed", "delivery.sent",
    ]  # fmt: skip


def test_evidence_has_no_word_of_a_suspension(granted):
    suspend(granted)
    stated = EvidenceRecord.objects.get(kind="delivery.suspended")
    assert stated.payload == {
        "agreement": granted.row.agreement,
        "reason_commitment": commitment_to(granted.row.salt, REASON),
    }
    factories.resume_access(granted.entitlement)
    suspend(granted, reason="別の理由")
    again = EvidenceRecord.objects.filter(kind="delivery.suspended").latest("pk")
    assert again.payload["reason_commitment"] == commitment_to(granted.row.salt, "別の理由")


def test_who_has_an_interest_resumes_no_access(granted):
    suspend(granted)
    staff = factories.operator_actor()
    declare_interest(actor=staff, organisation=granted.buyer.public_id, kind="family", statement="親族が勤務")
    with pytest.raises(Recused):
        services.resume_access(actor=staff, entitlement=granted.entitlement)
    assert granted.row.state == "suspended"


def test_who_has_an_interest_suspends_no_access(granted, unchanged):
    staff = factories.operator_actor()
    declare_interest(
        actor=staff, organisation=granted.seller.public_id, kind="family", statement="親族が勤務"
    )
    unchanged()
    with pytest.raises(Recused):
        suspend(granted, staff)
    assert unchanged()


@pytest.mark.parametrize("of", ["buyer", "seller"])
def test_the_database_lets_nobody_related_resume_access(granted, of):
    suspend(granted)
    operator = Organisation.objects.get(is_operator=True)
    for name in ("usr_second_operator", "usr_related"):
        person = participants.actor_for(operator, name)
    party = getattr(granted, of)
    declare_interest(actor=person, organisation=party.public_id, kind="family", statement="親族が勤務")
    clock.move_to(clock.now() + timedelta(minutes=1), running=False)
    for by, first in (("usr_operator", "usr_related"), ("usr_related", "usr_operator")):
        stated = RAW.format(at="public.business_now()", by=by, first=first)
        assert_refused(lambda stated=stated: run(stated), because="declared an interest")
    factories.resume_access(granted.entitlement)
    check = REGISTER["delivery.access_resumed_by_two"].check
    assert check() == []
    with unguarded("delivery_entitlement"):
        run("UPDATE delivery_entitlement SET resume_first_person = 'usr_related'")
    assert [row["public_id"] for row in check()] == [granted.entitlement]


RAW = (
    "UPDATE delivery_entitlement SET state = 'started', suspension_reason = '', suspended_at = NULL,"
    " resumed_at = {at}, resumed_by = '{by}', resume_first_person = '{first}'"
)


def test_the_database_resumes_access_by_two_alone(granted):
    suspend(granted)
    participants.actor_for(Organisation.objects.get(is_operator=True), "usr_second_operator")
    clock.move_to(clock.now(), running=False)
    now = "public.business_now()"
    for at, by, first in (
        ("NULL", "", ""),
        (now, "usr_operator", "usr_operator"),
        (now, "usr_operator", "usr_made_up"),
        (now, "usr_made_up", "usr_operator"),
        (now, "usr_operator", ""),
    ):
        assert_refused(
            lambda at=at, by=by, first=first: run(RAW.format(at=at, by=by, first=first)),
            because="no natural person of the operator|entitlement_resumed_by_two",
        )
    assert granted.row.state == "suspended"
    factories.resume_access(granted.entitlement)
    check = REGISTER["delivery.access_resumed_by_two"].check
    assert check() == []
    with unguarded("delivery_entitlement"):
        run("UPDATE delivery_entitlement SET resume_first_person = 'usr_made_up'")
    assert [row["public_id"] for row in check()] == [granted.entitlement]


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_suspension_is_not_repeated_and_only_it_is_resumed(granted, unchanged):
    operator = factories.operator_actor()
    unchanged()
    with pytest.raises(IllegalTransition):
        services.resume_access(actor=operator, entitlement=granted.entitlement)
    assert unchanged()
    suspend(granted)
    unchanged()
    with pytest.raises(IllegalTransition):
        suspend(granted)
    assert unchanged()


def test_a_suspension_needs_a_reason_and_the_operator(granted, unchanged):
    operator = factories.operator_actor()
    unchanged()
    for reason in ("  ", "x\x00", "x" * (SUSPENSION_REASON_LENGTH_MAX + 1)):
        with pytest.raises(FieldInvalid):
            suspend(granted, reason=reason)
    for actor in (granted.buyer_actor, granted.seller_actor):
        with pytest.raises(Forbidden):
            suspend(granted, actor=actor)
        with pytest.raises(Forbidden):
            services.resume_access(actor=actor, entitlement=granted.entitlement)
    with pytest.raises(Missing):
        services.suspend_access(actor=operator, entitlement="ent_unknown", reason=REASON)
    assert unchanged()


def test_a_suspension_stops_access_and_not_the_inspection(matched):
    suspend(matched)
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    assert (matched.row.state, matched.inspection.state) == ("suspended", "accepted")


@pytest.mark.parametrize("receipt", [True, False])
def test_access_ends_when_the_money_goes_back(granted, receipt):
    if receipt:
        granted.receive()
    refund(granted)
    entitlement = granted.row
    assert (entitlement.state, entitlement.ended_at, entitlement.ended_reason) == (
        "terminated", TUESDAY, "refunded",
    )  # fmt: skip
    assert granted.inspection.state == "undone"
    assert [event["reason_code"] for event in told("delivery.ended")] == ["refunded"]
    assert recorded(granted.entitlement)[-1] == "delivery.ended"
    with pytest.raises(InspectionOver):
        services.accept_delivery(actor=granted.buyer_actor, entitlement=granted.entitlement)
    with pytest.raises(InspectionOver):
        granted.dispute()


def test_suspended_access_ends_when_the_money_goes_back(granted):
    suspend(granted)
    refund(granted)
    assert (granted.row.state, granted.row.suspension_reason) == ("terminated", "")


def test_money_that_goes_back_later_ends_access_and_leaves_the_acceptance(matched):
    services.accept_delivery(actor=matched.buyer_actor, entitlement=matched.entitlement)
    refund(matched)
    assert (matched.row.state, matched.inspection.state) == ("terminated", "accepted")


def test_a_refund_after_its_dispute_was_settled_changes_nothing_more(matched):
    services.apply_dispute_outcome(actor=SYSTEM, dispute=matched.dispute(), outcome="refund")
    before = (list(Entitlement.objects.values()), list(Inspection.objects.values()))
    refund(matched)
    assert (list(Entitlement.objects.values()), list(Inspection.objects.values())) == before
    assert len(told("delivery.ended")) == 1


def test_a_refund_of_a_trade_without_access_is_harmless(granted, unchanged):
    unchanged()
    assert services.withdraw_access(actor=SYSTEM, trade="trd_unknown", reason_code="refunded") is None
    assert unchanged()
    for actor in (granted.buyer_actor, granted.seller_actor):
        with pytest.raises(Forbidden):
            services.withdraw_access(actor=actor, trade=granted.trade, reason_code="refunded")
    assert unchanged()


def test_a_term_that_has_passed_completes_the_entitlement(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-02"})
    granted.receive()
    end = granted.row.expires_at
    clock.move_to(end - timedelta(seconds=1), running=False)
    assert services.expire_access() == 0
    clock.move_to(end, running=False)
    assert queries.overdue_count() == 1
    assert (services.expire_access(), services.expire_access()) == (1, 0)
    entitlement = granted.row
    assert (entitlement.state, entitlement.ended_at, entitlement.ended_reason) == (
        "completed",
        end,
        "expired",
    )
    assert [event["reason_code"] for event in told("delivery.ended")] == ["expired"]
    # What was delivered stays delivered: the inspection goes on.
    assert granted.inspection.state == "running"
    services.accept_delivery(actor=granted.buyer_actor, entitlement=granted.entitlement)
    assert granted.inspection.state == "accepted"


def test_a_term_in_which_nobody_collected_ends_with_the_money_on_its_way_back(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-02"})
    clock.move_to(granted.row.expires_at, running=False)
    assert (services.expire_access(), services.expire_access()) == (1, 0)
    assert (granted.row.state, granted.row.ended_reason, granted.inspection.state) == (
        "terminated",
        "not_collected",
        "undone",
    )
    assert [event["reason_code"] for event in told("delivery.ended")] == ["not_collected"]


def test_what_waits_for_a_report_or_for_the_operator_is_counted(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-02"})
    lasting = factories.granted(buyer=granted.buyer, seller=granted.seller)
    for delivery in (granted, lasting):
        delivery.fetch()
    suspend(lasting)
    assert (UNREPORTED_DELIVERIES.samples(), SUSPENDED_DELIVERIES.samples()) == ({(): 0}, {(): 1})
    clock.move_to(granted.row.expires_at, running=False)
    services.expire_access()
    assert UNREPORTED_DELIVERIES.samples() == {(): 1}
    clock.move_to(tuesday + timedelta(days=30), running=False)
    assert UNREPORTED_DELIVERIES.samples() == {(): 2}
    factories.resume_access(lasting.entitlement)
    assert SUSPENDED_DELIVERIES.samples() == {(): 0}


def test_money_that_goes_back_after_the_term_undoes_the_inspection(tuesday):
    granted = factories.granted(rights={**factories.RIGHTS, "valid_until": "2037-12-02"})
    granted.receive()
    clock.move_to(granted.row.expires_at, running=False)
    services.expire_access()
    refund(granted)
    assert (granted.row.state, granted.inspection.state) == ("completed", "undone")


def test_what_is_never_collected_ends(granted, unchanged):
    clock.move_to(TUESDAY + timedelta(days=30, seconds=-1), running=False)
    assert (services.end_uncollected(), queries.overdue_count()) == (0, 0)
    clock.move_to(TUESDAY + timedelta(days=30), running=False)
    assert queries.overdue_count() == 1
    assert services.end_uncollected() == 1
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "not_collected")
    assert granted.inspection.state == "undone"
    (event,) = told("delivery.ended")
    assert (event["agreement"], event["reason_code"]) == (granted.agreement, "not_collected")
    with pytest.raises(AccessEnded):
        granted.fetch()
    unchanged()
    assert (services.end_uncollected(), queries.overdue_count()) == (0, 0)
    assert unchanged()


def test_what_was_sent_was_collected_without_a_receipt_too(granted, unchanged):
    granted.fetch()
    clock.move_to(TUESDAY + timedelta(days=90), running=False)
    unchanged()
    assert services.end_uncollected() == 0
    assert unchanged()


def test_what_is_disputed_does_not_end_for_want_of_collection(granted, unchanged):
    granted.dispute()
    clock.move_to(TUESDAY + timedelta(days=90), running=False)
    unchanged()
    assert services.end_uncollected() == 0
    assert unchanged()
