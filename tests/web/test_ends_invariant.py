"""An agreement's end moves later for access that was given back, and for nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from contracts import handlers
from contracts.models import Agreement
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.invariants import REGISTER
from tests.delivery import factories
from tests.delivery.test_restitutions import MONTH, resume, suspend
from tests.roles import unguarded

pytestmark = pytest.mark.django_db


def named() -> list[str]:
    found = REGISTER["web.agreements_end_as_signed_or_given_back"].check()
    return [breach["agreement"] for breach in found]


def test_an_end_that_moved_without_cause_is_named():
    agreement = factories.granted(rights=MONTH).agreement
    assert named() == []
    # No guard of contracts knows what was given back.
    Agreement.objects.update(ends_at=Agreement.objects.get().ends_at + timedelta(days=1))
    assert named() == [agreement]


def test_access_that_was_given_back_moves_it_once_contracts_has_heard():
    granted = factories.granted(rights=MONTH)
    suspend(granted)
    clock.move_to(clock.now() + timedelta(days=2), running=False)
    resume(granted)
    # The event is on its way.
    assert named() == []
    with unguarded("events_outboxevent"), connection.cursor() as cursor:
        cursor.execute("UPDATE events_outboxevent SET recorded_at = now() - interval '2 hours'")
    assert named() == [granted.agreement]
    row = OutboxEvent.objects.get(type="delivery.restored")
    handlers.on_delivery_restored(parse(row.type, row.data), envelope_of(row))
    assert Agreement.objects.get().ends_at == granted.row.expires_at
    assert named() == []
