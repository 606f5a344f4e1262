"""An application is decided by the rules, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from marketplace.events.envelope import Envelope
from marketplace.events.models import OutboxEvent
from marketplace.events.schemas.participants import AdmissionApplied
from marketplace.kernel.actors import SYSTEM
from marketplace.participants import services as participation
from marketplace.rules.errors import NoRulebook
from marketplace.rules.handlers import decide_admission
from marketplace.rules.models import Decision
from tests.participants import factories as participants

from .factories import publish

pytestmark = pytest.mark.django_db


def apply_with(**declarations):
    organisation = participants.organisation()
    participants.segment()
    return participation.apply_for_admission(
        actor=participants.actor_for(organisation),
        segment="mobility",
        capacity="buyer",
        declarations=participants.DECLARATIONS | declarations,
    )


def handle(admission) -> None:
    data = OutboxEvent.objects.get(type="admission.applied", subject=admission.public_id).data
    envelope = Envelope(
        "evt_1", "admission.applied", admission.public_id, datetime(2030, 1, 1, tzinfo=UTC), 1, data
    )
    decide_admission(AdmissionApplied(**data), envelope)
    admission.refresh_from_db()


@pytest.mark.parametrize(
    ("declarations", "state", "rules"),
    [
        ({}, "admitted", ["ADM-90"]),
        ({"antisocial_forces_excluded": False}, "refused", ["ADM-02"]),
        ({"barred_by_privacy_law": True}, "on_hold", ["ADM-11", "ADM-90"]),
    ],
)
def test_an_application_is_decided_with_reasons(declarations, state, rules):
    publish()
    admission = apply_with(**declarations)
    handle(admission)
    decision = Decision.objects.get()
    assert (admission.state, admission.decision) == (state, decision.public_id)
    assert [reason["rule"] for reason in decision.reasons] == rules
    assert decision.subject == admission.public_id


def test_an_application_is_decided_once():
    publish()
    admission = apply_with()
    handle(admission)
    handle(admission)
    assert (admission.state, Decision.objects.count()) == ("admitted", 1)


def test_an_application_that_was_withdrawn_is_left_alone():
    publish()
    admission = apply_with()
    participation.withdraw_admission(
        actor=participants.actor_for(admission.organisation), admission=admission.public_id
    )
    handle(admission)
    assert (admission.state, Decision.objects.count()) == ("withdrawn", 0)


def test_without_a_rulebook_the_application_waits():
    admission = apply_with()
    with pytest.raises(NoRulebook):
        handle(admission)
    admission.refresh_from_db()
    assert (admission.state, admission.decision) == ("applied", None)
    publish(actor=SYSTEM)
    handle(admission)
    assert admission.state == "admitted"
