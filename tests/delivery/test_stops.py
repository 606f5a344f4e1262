"""A stop of use stops the use and no clock; a suspension by the operator ends by itself; no access waits for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import services as contracts
from contracts.models import Dispute
from contracts.plan import SUSPENSION_DAYS_MAX
from delivery import services
from delivery.errors import AccessSuspended
from delivery.models import Entitlement
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from marketplace.notices.models import Task
from tests.contracts import factories as trading
from tests.contracts.standing.test_halt_time import later
from tests.participants import factories as participants
from tests.poison import RUNS, aside, poisoned
from tests.roles import assert_refused, unguarded

from . import factories
from .test_dispute_ends import against
from .test_ends import hear
from .test_restitutions import DAY, MONTH, faults, losses, month, resume, suspend

pytestmark = pytest.mark.django_db
__all__ = ["month"]


def breaches() -> list[str]:
    return [row["public_id"] for row in REGISTER["delivery.suspensions_are_looked_at"].check()]


def stopped(granted) -> Dispute:
    """The seller's dispute over the use, which ended with a stop of it."""
    dispute = against(granted)
    trading.resolve(dispute, factories.operator_actor(), "stop_of_use")
    hear("dispute.resolved")
    return dispute


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_was_stopped_before_access_began_begins_stopped(tuesday):
    factories.open_market()
    buyer = participants.admitted("buyer", factories.SEGMENT, "buyer")
    seller = participants.admitted("seller", factories.SEGMENT, "seller")
    agreement = factories.agreed(buyer, seller, factories.listed(seller, factories.CONTENTS, MONTH))
    dispute = contracts.open_against(
        actor=trading.speaker(seller), agreement=agreement.public_id, reason_code="use_outside_rights", text="域外"
    )  # fmt: skip
    trading.resolve(dispute, factories.operator_actor(), "stop_of_use")
    hear("dispute.resolved")
    factories.handle_secured(*factories.secured(agreement))
    row = Entitlement.objects.get(agreement=agreement.public_id)
    assert (row.state, row.stopped_by) == ("suspended", dispute.public_id)
    assert breaches() == []
    # Nobody has fetched anything, so the price goes back as it does without a stop.
    clock.move_to(row.expires_at, running=False)
    assert services.expire_access() + services.end_uncollected() == 1
    row.refresh_from_db()
    assert (row.state, row.ended_reason, row.stopped_by) == ("terminated", "not_collected", "")


def test_a_stop_for_a_breach_moves_no_term_and_ends_with_it(month):
    end = month.row.expires_at
    month.fetch()
    dispute = stopped(month)
    assert (month.row.state, month.row.stopped_by) == ("suspended", dispute.public_id)
    with pytest.raises(AccessSuspended):
        month.fetch()
    later(10)
    resume(month)
    assert (month.row.state, month.row.expires_at, losses(month)) == ("started", end, [])
    assert faults() == []


def test_the_term_of_what_is_stopped_ends(month):
    month.fetch()
    stopped(month)
    clock.move_to(month.row.expires_at, running=False)
    assert breaches() == []
    assert services.expire_access() == 1
    assert (month.row.state, month.row.ended_reason) == ("completed", "expired")


def test_what_a_third_partys_claim_took_is_given_back(month):
    end = month.row.expires_at
    dispute = stopped(month)
    with unguarded("contracts_dispute"):
        Dispute.objects.filter(pk=dispute.pk).update(
            opened_as="third_party", third_party_id=month.seller.pk, stake="stk_1"
        )
    later(10)
    resume(month)
    assert (month.row.expires_at, losses(month)) == (end + 10 * DAY, [("suspension", 10 * DAY)])
    assert faults() == []


def test_a_stop_ends_a_suspension_by_the_operator_which_is_given_back(month):
    end = month.row.expires_at
    suspend(month)
    later(5)
    dispute = stopped(month)
    assert (month.row.stopped_by, month.row.expires_at) == (dispute.public_id, end + 5 * DAY)
    later(SUSPENSION_DAYS_MAX)
    assert services.lapse_suspensions() == 0


def test_silence_accepts_only_after_a_whole_period_since_the_stop(month):
    month.receive()
    later(1)
    stopped(month)
    clock.move_to(month.inspection.inspect_by, running=False)
    told_at = month.row.suspended_at + timedelta(days=month.row.inspection_days)
    assert (told_at > clock.now(), services.lapse_inspections()) == (True, 0)
    raw = "UPDATE delivery_inspection SET state = 'accepted', accepted_by = 'lapse', accepted_at = public.business_now()"
    assert_refused(lambda: run(raw), because="while access is suspended")
    clock.move_to(told_at, running=False)
    assert services.lapse_inspections() == 1


def test_a_suspension_by_the_operator_ends_by_itself_and_is_given_back(month):
    end = month.row.expires_at
    suspend(month)
    later(SUSPENSION_DAYS_MAX - 1)
    assert (services.lapse_suspensions(), breaches()) == (0, [])
    later(1)
    assert (services.lapse_suspensions(), services.lapse_suspensions()) == (1, 0)
    assert (month.row.state, month.row.expires_at) == ("started", end + SUSPENSION_DAYS_MAX * DAY)
    assert Task.objects.get(subject=month.entitlement, kind="release").state == "done"
    assert (faults(), breaches(), REGISTER["delivery.access_resumed_by_two"].check()) == ([], [], [])


def test_a_suspension_that_cannot_lapse_holds_back_no_other(month):
    suspend(month)
    later(SUSPENSION_DAYS_MAX)
    with poisoned("delivery_entitlement", f"NEW.public_id = '{month.entitlement}'"):
        for _ in range(RUNS):
            services.lapse_suspensions()
        assert aside("delivery.lapse_suspensions") == [month.entitlement]
    later(2)
    assert breaches() == [month.entitlement]


def test_the_database_ends_no_suspension_before_its_time_and_stops_nothing_undecided(month):
    opened = "UPDATE delivery_entitlement SET state = 'started', suspension_reason = '', suspended_at = NULL"
    ended = (
        "UPDATE delivery_entitlement SET state = 'completed', ended_at = public.business_now() + interval '1 year', ended_reason = 'expired',"
        " suspension_reason = '', suspended_at = NULL"
    )
    stop = "UPDATE delivery_entitlement SET state = 'suspended', suspension_reason = 'x', suspended_at = public.business_now(), stopped_by = 'dsp_none'"
    assert_refused(lambda: run(stop), because="no dispute has stopped the use")
    suspend(month)
    assert_refused(
        lambda: run(opened), because="no natural person of the operator|with what its suspension took"
    )
    assert_refused(lambda: run(ended), because="while the operator suspends access")
    assert_refused(
        lambda: run("UPDATE delivery_entitlement SET stopped_by = 'dsp_none', suspended_at = public.business_now()"),
        because="no dispute has stopped the use",
    )  # fmt: skip


def test_a_stop_that_was_passed_over_is_named(tuesday):
    granted = factories.granted(rights=MONTH)
    dispute = stopped(granted)
    assert breaches() == []
    with unguarded("delivery_entitlement", "contracts_dispute", "evidence_evidencerecord"):
        run("UPDATE evidence_evidencerecord SET kind = 'delivery.other' WHERE kind = 'delivery.stopped'")
        Dispute.objects.filter(pk=dispute.pk).update(resolved_at=granted.row.granted_at - DAY)
    assert breaches() == [granted.entitlement]
