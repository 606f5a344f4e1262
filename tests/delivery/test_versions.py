"""Live access ends as the last version of its agreement says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import handlers
from contracts.amending.services import amend_agreement
from contracts.models import Agreement
from contracts.services import sign
from delivery.errors import AccessExpired
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.invariants import verify_all
from marketplace.participants.models import Organisation
from tests.participants import factories as participants
from tests.roles import assert_refused

from . import factories
from .test_ends import hear
from .test_restitutions import MONTH, resume, suspend

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def signatory(organisation: int) -> Actor:
    row = Organisation.objects.get(pk=organisation)
    actor = participants.actor_for(row, participants.person_of(row, f"signatory{row.pk}").public_id)
    participants.keep_proved(actor.identifier)
    return actor


def amended(granted, **rights) -> None:
    """Both sign other rights, from tomorrow on, and delivery hears of it."""
    agreement = Agreement.objects.get(public_id=granted.row.agreement)
    buyer, seller = signatory(agreement.buyer_id), signatory(agreement.seller_id)
    terms = {"effective_on": clock.today() + DAY, "rights": rights}
    row = amend_agreement(actor=buyer, agreement=agreement.public_id, terms=terms)
    sign(actor=seller, negotiation=row.public_id)
    sign(actor=buyer, negotiation=row.public_id)
    hear("agreement.amended")


def broken() -> dict:
    return {
        name: found
        for name, found in verify_all().items()
        if found and name.startswith(("delivery.t", "contracts.e"))
    }


def test_a_shorter_term_closes_access_at_its_end(tuesday):
    granted = factories.granted(rights=MONTH)
    amended(granted, duration="P7D")
    agreement = Agreement.objects.get(public_id=granted.row.agreement)
    assert granted.row.expires_at == agreement.ends_at
    assert granted.row.version == 2
    clock.move_to(agreement.ends_at - timedelta(seconds=1), running=False)
    assert granted.fetch() == granted.contents[0]
    clock.move_to(agreement.ends_at, running=False)
    with pytest.raises(AccessExpired):
        granted.fetch()
    assert broken() == {}


def test_a_longer_term_goes_on_with_what_was_given_back(tuesday):
    granted = factories.granted(rights=MONTH)
    suspend(granted)
    clock.move_to(clock.now() + DAY, running=False)
    resume(granted)
    hear_restored()
    before = granted.row.expires_at
    amended(granted, duration="P2M")
    assert granted.row.expires_at > before + timedelta(days=27)
    assert granted.row.expires_at == Agreement.objects.get(public_id=granted.row.agreement).ends_at
    assert broken() == {}


def hear_restored() -> None:
    row = OutboxEvent.objects.filter(type="delivery.restored").latest("pk")
    handlers.on_delivery_restored(parse(row.type, row.data), envelope_of(row))


def test_access_follows_no_version_that_was_not_signed(tuesday):
    granted = factories.granted(rights=MONTH)

    def move() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE delivery_entitlement SET version = 2, expires_at = expires_at + interval '1 day'"
            )

    assert_refused(move, because="follows a later version")
    amended(granted, duration="P2M")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM delivery_entitlement WHERE version = 2")
        assert cursor.fetchone() == (1,)
