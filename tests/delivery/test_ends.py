"""An agreement whose access is still open has not ended."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import handlers, services
from contracts.models import Agreement
from delivery import services as delivering
from marketplace.events.models import OutboxEvent
from marketplace.events.schema import parse
from marketplace.events.services import envelope_of
from marketplace.kernel import clock
from marketplace.kernel.invariants import verify_all

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
