"""Live access ends as the last version of its agreement says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import handlers
from contracts.amending.services import amend_agreement
from contracts.models import Agreement
from contracts.services import sign
from delivery.errors import AccessEnded, AccessExpired, UseNotPermitted
from delivery.models import Download
from delivery.papers import delivery_note_of
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.actors import Actor
from marketplace.kernel.invariants import REGISTER, verify_all
from marketplace.participants.models import Organisation
from tests.participants import factories as participants
from tests.roles import assert_refused

from . import factories
from .test_ends import hear, notice
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
    changed(granted, rights=rights)


def changed(granted, **terms) -> None:
    """Both sign other terms, from tomorrow on, and delivery hears of it."""
    agreement = Agreement.objects.get(public_id=granted.row.agreement)
    buyer, seller = signatory(agreement.buyer_id), signatory(agreement.seller_id)
    wanted = {"effective_on": clock.today() + DAY, **terms}
    row = amend_agreement(actor=buyer, agreement=agreement.public_id, terms=wanted)
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


def test_each_access_is_judged_by_the_rights_in_force(tuesday):
    granted = factories.granted(rights={**MONTH, "contract_type": "licence"})
    amended(granted, use_count_max=2)
    assert granted.fetch() == granted.contents[0]
    clock.move_to(clock.now() + DAY, running=False)
    granted.fetch()
    with pytest.raises(UseNotPermitted):
        granted.fetch()
    assert list(Download.objects.order_by("pk").values_list("use_number", flat=True)) == [None, 2]
    assert REGISTER["delivery.used_as_signed"].check() == []


def test_an_early_end_closes_access_before_the_version_does(tuesday):
    granted = factories.granted(rights=MONTH)
    amended(granted, duration="P2M")
    ending = notice(granted, clock.today() + 3 * DAY)
    hear("agreement.ending")
    assert granted.row.closes_at == ending.access_until < granted.row.expires_at
    clock.move_to(ending.access_until, running=False)
    with pytest.raises(AccessEnded):
        granted.fetch()
    assert broken() == {}


def test_what_was_given_back_before_delivery_heard_of_a_version_is_not_lost(tuesday):
    granted = factories.granted(rights=MONTH)
    suspend(granted)
    clock.move_to(clock.now() + DAY, running=False)
    resume(granted)
    amended(granted, duration="P7D")
    hear_restored()
    agreement = Agreement.objects.get(public_id=granted.row.agreement)
    assert granted.row.expires_at == agreement.ends_at
    assert REGISTER["web.agreements_end_as_signed_or_given_back"].check() == []
    assert REGISTER["delivery.lost_access_given_back"].check() == []
    assert broken() == {}


@pytest.mark.parametrize(("days", "charges"), [(0, 3), (1, 6)])
def test_a_delivery_note_says_what_was_in_force_at_the_receipt(tuesday, days, charges):
    monthly = {"kind": "subscription", "charges": 3, "period_months": 1}
    granted = factories.granted(
        rights={**MONTH, "duration": "P6M"}, charging={**monthly, "first_period_from": None}
    )
    changed(granted, charging={**monthly, "charges": 6})
    clock.move_to(clock.now() + days * DAY, running=False)
    granted.receive()
    note = delivery_note_of(granted.row)
    (said,) = [fact["text"]["en"] for fact in note["facts"] if fact["name"] == "charging"]
    assert str(charges) in said
    clock.move_to(clock.now() + 2 * DAY, running=False)
    assert delivery_note_of(granted.row) == note
