"""What the rules put on hold is a case; two people decide it, and every refusal changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.approvals.models import Approval
from marketplace.cases import services, sweeping
from marketplace.cases.models import Case
from marketplace.events.models import OutboxEvent
from marketplace.evidence.models import EvidenceRecord
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.kernel.invariants import verify_all
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Admission

from .factories import REASON, later, opened, resolved

pytestmark = pytest.mark.django_db


def moves(case: Case) -> list[str]:
    """What the participant learns from events, oldest first."""
    rows = OutboxEvent.objects.filter(subject=case.public_id, type="case.moved").order_by("pk")
    return [row.data["change"] for row in rows]


def recorded(case: Case) -> list[str]:
    """The kinds of evidence about a case, oldest first."""
    return list(
        EvidenceRecord.objects.filter(subject=case.public_id).order_by("pk").values_list("kind", flat=True)
    )


def broken() -> list[str]:
    """The invariants of cases, participants and evidence that are broken."""
    return [
        name
        for app in ("cases", "participants", "evidence", "approvals")
        for name, rows in verify_all(app).items()
        if rows
    ]


def test_what_is_on_hold_is_one_case_with_a_deadline(staffed, subject):
    case = opened(subject)
    again = services.open_case(
        kind="admission",
        subject=case.subject,
        thread=case.thread,
        organisation_id=subject.pk,
        decision="dec_test",
    )
    assert again == case
    assert (case.state, case.decide_by - case.opened_at) == ("open", timedelta(days=10))
    assert (moves(case), recorded(case)) == (["opened"], ["cases.opened"])


@pytest.mark.parametrize(("outcome", "state"), [("allow", "admitted"), ("deny", "refused")])
def test_two_people_decide_a_case_and_it_is_carried_out(subject, first, second, outcome, state):
    case = resolved(opened(subject), outcome)
    assert (case.state, case.outcome, case.reason) == ("resolved", outcome, REASON)
    assert (case.first_person, case.resolved_by) == (first.identifier, second.identifier)
    admission = Admission.objects.get()
    assert (admission.state, admission.reason) == (state, REASON)
    assert (moves(case), recorded(case)[-1]) == (["opened", "resolved"], "cases.resolved")
    with pytest.raises(IllegalTransition):
        services.resolve_case(actor=first, case=case.public_id, outcome=outcome, reason=REASON)
    assert broken() == []


def test_one_person_and_another_reason_decide_nothing(subject, first, second):
    case = opened(subject)
    for actor, reason in ((first, "A"), (first, "A"), (second, "B")):
        with pytest.raises(SecondPersonNeeded):
            services.resolve_case(actor=actor, case=case.public_id, outcome="allow", reason=reason)
    assert (Case.objects.get().state, Admission.objects.get().state) == ("open", "on_hold")
    assert Approval.objects.filter(state="pending").count() == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"outcome": "upheld"}, FieldInvalid),
        ({"outcome": "perhaps"}, FieldInvalid),
        ({"reason": "  "}, FieldInvalid),
        ({"reason": "x" * 2001}, FieldInvalid),
        ({"case": "cas_none"}, Missing),
    ],
)
def test_a_wrong_decision_changes_nothing(subject, first, changes, error):
    case = opened(subject)
    stated = {"case": case.public_id, "outcome": "allow", "reason": REASON, **changes}
    with pytest.raises(error):
        services.resolve_case(actor=first, **stated)
    assert (Case.objects.get().state, Approval.objects.count()) == ("open", 0)


def test_only_people_of_the_operator_who_may_decide(subject, first, owner):
    case = opened(subject)
    stated = {"case": case.public_id, "outcome": "allow", "reason": REASON}
    attempts = (
        (owner, PermissionNeeded),
        (replace(first, permissions=frozenset()), PermissionNeeded),
        (replace(first, proved_at=None), ProofNeeded),
        (replace(first, identifier="app_1"), Forbidden),
        (SYSTEM, Forbidden),
    )
    for actor, error in attempts:
        with pytest.raises(error):
            services.resolve_case(actor=actor, **stated)
    assert (Case.objects.get().state, Approval.objects.count()) == ("open", 0)


def test_nobody_decides_about_whom_it_declared_an_interest_in(subject, first, second, judges):
    case = opened(subject)
    stated = {"case": case.public_id, "outcome": "allow", "reason": REASON}
    with pytest.raises(SecondPersonNeeded):
        services.resolve_case(actor=first, **stated)
    interest = {"organisation": subject.public_id, "kind": "family", "statement": "配偶者が勤務しています。"}
    participants.declare_interest(actor=first, **interest)
    with pytest.raises(Recused):
        services.resolve_case(actor=first, **stated)
    # What the first gave before it declared the interest counts no more: who gives it next is the first.
    for _ in range(2):
        with pytest.raises(SecondPersonNeeded):
            services.resolve_case(actor=second, **stated)
    assert (Case.objects.get().state, Admission.objects.get().state) == ("open", "on_hold")
    services.resolve_case(actor=judges[0], **stated)
    assert (Case.objects.get().first_person, Admission.objects.get().state) == (second.identifier, "admitted")


def test_a_case_of_what_was_withdrawn_is_dropped(subject, owner):
    case = opened(subject)
    participants.withdraw_admission(actor=owner, admission=case.subject)
    assert services.drop_cases(thread=case.thread, kinds=("admission",)) == 1
    assert services.drop_cases(thread=case.thread, kinds=("admission",)) == 0
    case.refresh_from_db()
    assert (case.state, moves(case)) == ("moot", ["opened", "dropped"])


def test_an_overdue_case_is_reminded_of_once(subject):
    case = opened(subject)
    assert sweeping.remind_due() == 0
    later(timedelta(days=10, minutes=1))
    assert (sweeping.remind_due(), sweeping.remind_due()) == (1, 0)
    case.refresh_from_db()
    assert case.reminded_at > case.decide_by
    assert moves(case) == ["opened", "overdue"]
