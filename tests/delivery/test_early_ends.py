"""What was received as a whole before its agreement ended is inspected on; what was not comes back."""

from __future__ import annotations

import pytest
from django.db import connection

from contracts import services
from contracts.errors import AgreementEnded, RedeliveryTooLate
from contracts.models import Adjustment, Agreement
from delivery import services as delivering
from delivery.errors import AccessEnded
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.invariants import REGISTER
from tests.contracts import factories as trading
from tests.roles import assert_refused, unguarded

from . import factories
from .conftest import told
from .test_ends import DAY, hear, notice
from .test_outages import state as state_outage
from .test_restitutions import MONTH, resume, suspend

pytestmark = pytest.mark.django_db


@pytest.fixture
def month(tuesday) -> factories.Granted:
    """A delivery of one file whose term is a month."""
    return factories.granted((factories.CONTENTS[0],), rights=MONTH)


def carry_out(granted, days: int = 0):
    """End the agreement by law ``days`` from today, and have everybody hear of it."""
    ending = notice(granted, clock.today() + days * DAY)
    hear("agreement.ending")
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    hear("agreement.terminated")
    return ending


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def breaches(name: str) -> int:
    return len(REGISTER[f"delivery.{name}"].check())


def test_what_was_received_is_inspected_on_and_accepted(month):
    month.receive()
    carry_out(month)
    assert (month.row.ended_reason, month.inspection.state) == ("terminated", "running")
    (ended,) = told("delivery.ended")
    assert (ended["reason_code"], ended["received"]) == ("terminated", True)
    with pytest.raises(AccessEnded):
        month.fetch()
    assert breaches("ended_leaves_nothing_undecided") == 0
    clock.move_to(month.inspection.inspect_by, running=False)
    assert delivering.lapse_inspections() == 1
    assert [event["by"] for event in told("delivery.accepted")] == ["lapse"]


def test_what_was_sent_as_a_whole_is_received_though_nobody_reported_it(month):
    month.fetch()
    carry_out(month)
    assert month.inspection.state == "running"
    assert told("delivery.ended")[0]["received"] is True


def test_a_suspension_to_the_end_takes_nothing_of_the_inspection(month):
    month.receive()
    inspect_by = month.inspection.inspect_by
    suspend(month)
    suspended_at = month.row.suspended_at
    carry_out(month, days=10)
    assert month.inspection.inspect_by - inspect_by == clock.now() - suspended_at
    assert (month.row.state, delivering.lapse_inspections()) == ("terminated", 0)


def test_what_was_not_received_as_a_whole_is_cancelled(tuesday):
    granted = factories.granted((factories.CONTENTS[0], b"second"), rights=MONTH)
    granted.fetch()
    carry_out(granted)
    assert granted.inspection.state == "undone"
    assert told("delivery.ended")[0]["received"] is False


def test_a_charge_that_fails_later_does_not_undo_what_was_received(month):
    month.receive()
    delivering.withdraw_agreement(actor=SYSTEM, agreement=month.agreement)
    assert (month.row.ended_reason, month.inspection.state) == ("terminated", "running")


def test_what_is_inspected_after_the_end_can_be_disputed_and_returned(month):
    month.receive()
    carry_out(month)
    dispute = month.dispute()
    for outcome in ("redelivery", "termination"):
        with pytest.raises(AgreementEnded):
            services.resolve_dispute(
                actor=factories.operator_actor(), dispute=dispute, outcome=outcome, reason="Looked into."
            )
    trading.resolve(dispute, factories.operator_actor(), outcome="refund")
    hear("dispute.resolved")
    assert month.inspection.state == "undone"
    assert Agreement.objects.get(public_id=month.agreement).termination_reason == "law"


def test_a_price_that_goes_back_undoes_what_is_inspected(month):
    month.receive()
    delivering.withdraw_access(actor=SYSTEM, trade=month.trade, reason_code="refunded")
    assert month.inspection.state == "undone"
    assert told("delivery.ended")[0]["received"] is False


def test_nothing_is_delivered_again_after_the_last_day(month):
    month.receive()
    ending = notice(month, clock.today() + DAY)
    dispute = month.dispute()
    clock.move_to(ending.access_until, running=False)
    with pytest.raises(RedeliveryTooLate):
        services.resolve_dispute(
            actor=factories.operator_actor(), dispute=dispute, outcome="redelivery", reason="Looked into."
        )
    trading.resolve(dispute, factories.operator_actor(), outcome="dismissed")
    hear("dispute.resolved")
    assert month.inspection.state == "accepted"


def test_nothing_is_delivered_again_after_access_expired(month):
    month.receive()
    clock.move_to(month.row.expires_at, running=False)
    delivering.expire_access()
    # The inspection runs on in a month that is over only if it is long.
    with unguarded("delivery_inspection"), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_inspection SET state = 'running', accepted_at = NULL, accepted_by = NULL,"
            " inspect_by = public.business_now() + interval '5 days'"
        )
    dispute = month.dispute()
    with pytest.raises(RedeliveryTooLate):
        services.resolve_dispute(
            actor=factories.operator_actor(), dispute=dispute, outcome="redelivery", reason="Looked into."
        )


def test_access_that_was_lost_after_the_notice_comes_back_in_money(month):
    month.receive()
    delivering.accept_delivery(actor=month.buyer_actor, entitlement=month.entitlement)
    ending = notice(month, clock.today() + 15 * DAY)
    hear("agreement.ending")
    suspend(month)
    clock.move_to(clock.now() + 3 * DAY, running=False)
    resume(month)
    suspend(month)
    clock.move_to(ending.access_until, running=False)
    assert services.carry_out_endings() == 1
    period = ending.consequences["period"]
    # Three days were given back, and the suspension goes on: all but the day of the notice is lost.
    lost = (ending.access_until - ending.proposed_at).days
    whole = ending.refund_minor + ending.consequences["kept_minor"]
    unused = min(period["unused_days"] + lost, period["days"])
    assert Adjustment.objects.get().amount_minor == whole * unused // period["days"] > ending.refund_minor


def test_nothing_is_lost_after_the_last_day_however_late_the_end_is_carried_out(month):
    month.receive()
    delivering.accept_delivery(actor=month.buyer_actor, entitlement=month.entitlement)
    ending = notice(month, clock.today() + 5 * DAY)
    hear("agreement.ending")
    clock.move_to(ending.access_until - DAY, running=False)
    suspend(month)
    clock.move_to(ending.access_until + 10 * DAY, running=False)
    assert services.carry_out_endings() == 1
    period = ending.consequences["period"]
    whole = ending.refund_minor + ending.consequences["kept_minor"]
    assert period["unused_days"] + 1 < period["days"]
    assert Adjustment.objects.get().amount_minor == whole * (period["unused_days"] + 1) // period["days"]


@pytest.mark.parametrize(("since", "until", "lost"), [(-4, -1, 3), (-1, 2, 1), (-20, 0, 6)])
def test_a_stated_outage_that_nobody_gave_back_comes_back_in_money(month, since, until, lost):
    month.receive()
    delivering.accept_delivery(actor=month.buyer_actor, entitlement=month.entitlement)
    ending = notice(month, clock.today() + 5 * DAY)
    hear("agreement.ending")
    clock.move_to(ending.access_until + 2 * DAY, running=False)
    granted_at = month.row.granted_at
    state_outage(max(ending.access_until + since * DAY, granted_at), ending.access_until + until * DAY)
    assert services.carry_out_endings() == 1
    period = ending.consequences["period"]
    whole = ending.refund_minor + ending.consequences["kept_minor"]
    lost = min(lost, (ending.access_until - granted_at).days)
    assert Adjustment.objects.get().amount_minor == whole * (period["unused_days"] + lost) // period["days"]


def test_a_stated_outage_takes_nothing_of_the_inspection_that_goes_on(month):
    month.receive()
    due = month.inspection.inspect_by
    ending = notice(month, clock.today() + DAY)
    hear("agreement.ending")
    clock.move_to(ending.access_until, running=False)
    state_outage(ending.access_until - DAY, ending.access_until)
    assert services.carry_out_endings() == 1
    hear("agreement.terminated")
    assert (month.inspection.state, month.inspection.inspect_by) == ("running", due + DAY)
    assert (breaches("lost_access_given_back"), delivering.give_back_outages()) == (0, 0)


def test_a_later_charge_that_fails_after_the_term_lets_what_nobody_received_be_returned(tuesday):
    """Access was over with one file of two taken: that the price is undelivered is told, or its holds would wait for ever."""
    granted = factories.granted(
        (b"a\n1\n", b"b\n2\n"), rights={**factories.RIGHTS, "valid_until": "2037-12-02"}
    )
    granted.fetch()
    clock.move_to(granted.row.expires_at, running=False)
    assert delivering.expire_access() == 1
    for _ in range(2):
        delivering.withdraw_agreement(actor=SYSTEM, agreement=granted.agreement)
    assert (granted.row.state, granted.inspection.state) == ("completed", "undone")
    ended = [(event["reason_code"], event["received"]) for event in told("delivery.ended")]
    assert ended == [("expired", False), ("terminated", False)]


def test_the_database_ends_no_access_with_an_open_inspection_but_of_what_was_received(month):
    awaiting = "UPDATE delivery_entitlement SET state = 'terminated', ended_at = public.business_now(), ended_reason = "
    for reason in ("terminated", "refunded"):
        assert_refused(lambda why=reason: run(f"{awaiting}'{why}'"), because="inspection is open")
    month.receive()
    assert_refused(lambda: run(f"{awaiting}'refunded'"), because="inspection is open")
    run(f"{awaiting}'terminated'")
    assert breaches("ended_leaves_nothing_undecided") == 0
    with unguarded("delivery_entitlement"):
        run("UPDATE delivery_entitlement SET ended_reason = 'refunded'")
    assert breaches("ended_leaves_nothing_undecided") == 1
