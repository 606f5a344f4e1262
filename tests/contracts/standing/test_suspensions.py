"""Who has an agreement in force with a suspended organisation is told, and no more than it has to know."""

from __future__ import annotations

import pytest

from contracts import services
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.suspensions import EFFECTS, SuspensionKind
from marketplace.notices.models import Notice
from marketplace.participants.models import Suspension
from marketplace.participants.services import suspend_participant

from .. import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def market():
    return factories.market()


def suspend(market, kind: str) -> Suspension:
    suspend_participant(
        actor=SYSTEM,
        organisation=market.seller.organisation,
        kind=kind,
        reason_code="review",
        reason="内密の理由",
        reference="第1号",
    )
    return Suspension.objects.get()


@pytest.mark.parametrize("kind", list(SuspensionKind))
def test_the_other_party_of_an_agreement_is_told(market, kind):
    factories.finalized(market)
    factories.finalized(market)
    suspension = suspend(market, kind.value)
    told = {
        "organisation": market.seller.organisation,
        "suspension": suspension.public_id,
        "kind": kind.value,
    }
    assert services.notify_counterparties(**told) == 1
    notice = Notice.objects.get(subject=suspension.public_id)
    assert notice.organisation_id == market.buyer.organisation_id
    for language, text in EFFECTS[kind].told.as_dict().items():
        assert text in notice.body[language]
    assert "内密の理由" not in str(notice.body)


def test_without_an_agreement_nobody_is_told(market):
    factories.requested(market)
    suspension = suspend(market, "breach")
    told = {"organisation": market.seller.organisation, "suspension": suspension.public_id, "kind": "breach"}
    assert services.notify_counterparties(**told) == 0
    assert not Notice.objects.filter(subject=suspension.public_id).exists()
