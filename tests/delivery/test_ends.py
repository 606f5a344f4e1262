"""An agreement whose access is still open has not ended, and access ends with the last day of what ends it early."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from contracts import handlers, services
from contracts.ending.consequences import digest_of_consequences
from contracts.ending.queries import consequences_shown
from contracts.models import Agreement, Ending
from delivery import handlers as delivery_handlers
from delivery import services as delivering
from delivery.errors import AccessEnded
from delivery.models import Entitlement
from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Organisation
from tests.contracts import factories as trading
from tests.participants import factories as participants
from tests.roles import assert_refused, unguarded

from . import factories
from .test_restitutions import MONTH, resume, suspend

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_an_agreement_ends_when_its_access_has_ended_with_what_was_given_back(tuesday):
    granted = factories.granted(rights=MONTH)
    agreement = Agreement.objects.get(public_id=granted.row.agreement)
    signed_end = agreement.ends_at
    suspend(granted)
    clock.move_to(signed_end + DAY, running=False)
    # The term stands still: access is open, though the signed end has passed.
    assert services.expire_agreements() == 0
    resume(granted)
    row = OutboxEvent.objects.get(type="delivery.restored")
    handlers.on_delivery_restored(parse(row.type, row.data), envelope_of(row))
    agreement.refresh_from_db()
    assert agreement.ends_at == granted.row.expires_at > signed_end
    clock.move_to(agreement.ends_at + DAY, running=False)
    assert services.expire_agreements() == 0
    delivering.expire_access()
    assert services.expire_agreements() == 1
    assert verify_all()["contracts.ends_as_signed"] == []


def notice(granted, last_day, name: str = "colleague") -> Ending:
    """The end of the agreement of a delivery by law, after ``last_day``; ``name``: who gives the order as the second."""
    agreement = Agreement.objects.get(public_id=granted.agreement)
    asked = {"ground": "law", "last_day": last_day}
    digest = digest_of_consequences(consequences_shown(agreement, refund=None, **asked))
    order = {"agreement": granted.agreement, "last_day": last_day, "digest": digest, "reason": "法令"}
    with pytest.raises(SecondPersonNeeded):
        services.end_by_law(actor=factories.operator_actor(), **order)
    operator = Organisation.objects.get(is_operator=True)
    second = participants.actor_for(operator, participants.person_of(operator, name).public_id)
    participants.keep_proved(second.identifier)
    return services.end_by_law(actor=second, **order)


def hear(kind: str) -> None:
    row = OutboxEvent.objects.filter(type=kind).latest("pk")
    handler = getattr(delivery_handlers, f"on_{kind.replace('.', '_')}")
    handler(parse(row.type, row.data), envelope_of(row))


def test_access_ends_with_the_last_day(tuesday):
    granted = factories.granted(rights=MONTH)
    ending = notice(granted, clock.today() + DAY)
    hear("agreement.ending")
    assert granted.row.closes_at == ending.access_until
    clock.move_to(ending.access_until - timedelta(seconds=1), running=False)
    assert granted.fetch() == granted.contents[0]
    clock.move_to(ending.access_until, running=False)
    with pytest.raises(AccessEnded):
        granted.fetch()
    assert services.carry_out_endings() == 1
    hear("agreement.terminated")
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "terminated")
    assert OutboxEvent.objects.get(type="delivery.ended").data["reason_code"] == "terminated"


def test_access_that_is_secured_after_the_end_never_starts(tuesday):
    factories.open_market()
    buyer = participants.admitted("buyer", factories.SEGMENT, "buyer")
    seller = participants.admitted("seller", factories.SEGMENT, "seller")
    agreement = factories.agreed(buyer, seller, factories.listed(seller, factories.CONTENTS, MONTH))
    granted = SimpleNamespace(agreement=agreement.public_id)
    ending = notice(granted, clock.today())
    clock.move_to(ending.access_until, running=False)
    factories.handle_secured(*factories.secured(agreement))
    row = Entitlement.objects.get(agreement=agreement.public_id)
    assert (row.state, row.ended_reason, row.closes_at) == ("terminated", "terminated", ending.access_until)


@pytest.mark.parametrize("later", [20, 0])
def test_access_follows_an_order_of_law_that_takes_the_place_of_another(tuesday, later):
    granted = factories.granted(rights=MONTH)
    first = notice(granted, clock.today() + 10 * DAY)
    hear("agreement.ending")
    second = notice(granted, clock.today() + later * DAY, "another")
    for row in OutboxEvent.objects.filter(type="agreement.ending").order_by("pk"):
        delivery_handlers.on_agreement_ending(parse(row.type, row.data), envelope_of(row))
    first.refresh_from_db()
    assert (first.state, second.state, granted.row.closes_at) == ("dropped", "scheduled", second.access_until)
    assert verify_all()["delivery.closes_as_ended"] == []
    clock.move_to(second.access_until - timedelta(seconds=1), running=False)
    assert granted.fetch() == granted.contents[0]
    clock.move_to(second.access_until, running=False)
    with pytest.raises(AccessEnded):
        granted.fetch()


def test_access_that_closes_otherwise_than_its_ending_says_is_named(tuesday):
    granted = factories.granted(rights=MONTH)
    notice(granted, clock.today() + DAY)
    # Delivery has not heard of it yet.
    assert verify_all()["delivery.closes_as_ended"] == []
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("UPDATE events_outboxevent SET recorded_at = now() - interval '2 hours'")
    assert len(verify_all()["delivery.closes_as_ended"]) == 1
    hear("agreement.ending")
    assert verify_all()["delivery.closes_as_ended"] == []
    assert_refused(
        lambda: connection.cursor().execute("UPDATE delivery_entitlement SET closes_at = NULL"),
        because="nothing ends",
    )


def test_the_database_closes_no_access_that_nothing_ends(tuesday):
    factories.granted(rights=MONTH)
    assert_refused(
        lambda: connection.cursor().execute("UPDATE delivery_entitlement SET closes_at = now()"),
        because="nothing ends",
    )


def test_a_dispute_that_terminates_ends_access(tuesday):
    granted = factories.granted(rights=MONTH)
    dispute = granted.dispute()
    trading.resolve(dispute, factories.operator_actor(), outcome="termination", reason="提供者の違反")
    hear("dispute.resolved")
    assert (granted.row.state, granted.row.ended_reason) == ("terminated", "refunded")
    assert granted.inspection.state == "undone"
    assert Agreement.objects.get(public_id=granted.agreement).termination_reason == "seller_breach"
