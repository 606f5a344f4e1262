"""Whatever a person of the operator decides about an organisation asks for its interests, or says why it need not."""

from __future__ import annotations

import re

import pgtrigger
import pytest
from django.apps import apps

from clearing.approvals.permissions import UNRELATED, permission_of
from marketplace.kernel.permissions import Permission
from marketplace.participants.interest_guards import DECIDES

BY_STAFF = "is no natural person of the operator who may do this now: it takes ([a-z:_]+)"
_COMMAND = (
    "an approved command of clearing stands behind it, which asks (approvals_approval.commanded_by_unrelated)"
)
_WHOLE = "it is the whole market's"
REASONS = {
    "events.Abandonment": "an event is given up, which nobody decides about",
    "evidence.KeyAnnouncement": _WHOLE,
    "registration.Registration": "an applicant is no participant yet, in whom an interest could be declared",
    "rules.RulebookDraft": _WHOLE,
    "rules.Rulebook": _WHOLE,
    "rules.Halt": "its record and the command that lifts it ask (evidence_evidencerecord.recorded_by_unrelated)",
    "cases.OnCallTurn": "it is about the operator's own people",
    "delivery.Outage": _WHOLE,
    "contracts.IndexValue": _WHOLE,
    "clearing.Cycle": _WHOLE,
    "clearing.SendingOpening": _WHOLE,
    "clearing.StatementConfirmation": "a statement of the operator's bank is of all clients",
    "clearing.DebitBooking": _COMMAND,
    "clearing.Recoupment": _COMMAND,
    "clearing.FeeWriteOff": _COMMAND,
    "clearing.TaxRelief": _COMMAND,
}
"""Tables whose columns name people of the operator without a guard of interests on them, each with its reason."""


def guards_of(label: str) -> list[str]:
    model = apps.get_model(label)
    return [str(trigger.func) for found, trigger in pgtrigger.registered() if found is model]


def decided() -> dict[str, set[str]]:
    """The permissions by which people of the operator are written into each table."""
    found = {
        model._meta.label: set(re.findall(BY_STAFF, " ".join(guards_of(model._meta.label))))
        for model in apps.get_models()
    }
    return {label: permissions for label, permissions in found.items() if permissions}


@pytest.mark.parametrize("label", sorted(decided()))
def test_a_decision_of_staff_asks_for_interests_or_says_why_not(label):
    asks = any("is_recused" in guard for guard in guards_of(label))
    assert asks != (label in REASONS)


def test_no_reason_outlives_its_table():
    assert set(REASONS) <= set(decided())


def test_nobody_is_left_without_deciders_of_what_asks_for_interests():
    asked = {
        needed for label, permissions in decided().items() if label not in REASONS for needed in permissions
    }
    asked |= {str(permission_of(command)) for command in UNRELATED}
    assert asked - {str(Permission.OPERATOR_READ)} <= {str(permission) for permission in DECIDES}
