"""A participant appeals what was decided against it; two others decide, and what they change is carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from marketplace.cases import services
from marketplace.cases.errors import (
    AlreadyAppealed,
    AppealTooLate,
    DecidedFirst,
    NothingToAppeal,
    NothingToCarryOut,
    StillSuspended,
)
from marketplace.cases.models import Appeal, Case, Remedy
from marketplace.kernel.actors import SYSTEM
from marketplace.kernel.errors import (
    FieldInvalid,
    Forbidden,
    IllegalTransition,
    Missing,
    PermissionNeeded,
    ProofNeeded,
)
from marketplace.kernel.permissions import Permission
from marketplace.participants import services as participants
from marketplace.participants.interest_errors import Recused
from marketplace.participants.models import Admission

from .factories import (
    DOCUMENTS,
    STATEMENT,
    appealed,
    denied,
    later,
    opened,
    refused_by_rules,
    reinstated,
    resolved,
    suspended,
)
from .test_services import broken, moves, recorded

pytestmark = pytest.mark.django_db


def test_a_denied_case_is_appealed_and_decided_by_two_others(subject, owner, judges):
    case = denied(subject)
    appeal = appealed(owner, case.public_id)
    assert (appeal.kind, appeal.subject, appeal.state) == ("appeal", case.public_id, "open")
    assert (appeal.appeal.statement, appeal.appeal.documents) == (STATEMENT, DOCUMENTS)
    decided = resolved(appeal, "upheld", "証明書は別の組織のものでした。", by=judges)
    assert (decided.state, decided.outcome) == ("resolved", "upheld")
    assert moves(appeal) == ["opened", "resolved"]
    assert broken() == []


def test_who_decided_first_does_not_decide_the_appeal(subject, owner, first, second, judges):
    appeal = appealed(owner, denied(subject).public_id)
    for actor in (first, second):
        with pytest.raises(DecidedFirst):
            services.resolve_case(actor=actor, case=appeal.public_id, outcome="upheld", reason="x")
    by_one = suspended(subject, by=judges[0])
    about = appealed(owner, by_one)
    with pytest.raises(DecidedFirst):
        services.resolve_case(actor=judges[0], case=about.public_id, outcome="upheld", reason="x")
    assert {case.state for case in Case.objects.filter(kind="appeal")} == {"open"}


def test_who_declared_an_interest_decides_no_appeal(subject, owner, judges):
    appeal = appealed(owner, denied(subject).public_id)
    stated = {"organisation": subject.public_id, "kind": "holding", "statement": "株式を保有しています。"}
    participants.declare_interest(actor=judges[1], **stated)
    with pytest.raises(Recused):
        services.resolve_case(actor=judges[1], case=appeal.public_id, outcome="changed", reason="x")


def test_who_admits_participants_alone_decides_no_appeal(subject, owner, judges):
    appeal = appealed(owner, denied(subject).public_id)
    admits = replace(judges[0], permissions=frozenset({Permission.ADMISSION_WRITE}))
    with pytest.raises(PermissionNeeded):
        services.resolve_case(actor=admits, case=appeal.public_id, outcome="changed", reason="x")
    judging = replace(judges[0], permissions=frozenset({Permission.DISPUTES_WRITE}))
    with pytest.raises(PermissionNeeded):
        services.resolve_case(actor=judging, case=opened(subject).public_id, outcome="allow", reason="x")


@pytest.mark.parametrize("outcome", ["deny", "hold"])
def test_a_decision_of_the_rules_is_appealed(subject, owner, outcome):
    decision = refused_by_rules(subject, outcome)
    appeal = appealed(owner, decision)
    assert (appeal.decision, appeal.subject) == (decision, decision)


def on_hold(subject) -> tuple[str, Admission]:
    """The decision that put an application on hold, and the application."""
    decision = refused_by_rules(subject, "hold")
    admission = participants.decide_admission(
        actor=SYSTEM, admission=Admission.objects.latest("pk").public_id, outcome="hold", decision=decision
    )
    return decision, admission


def case_of(admission: Admission) -> Case:
    return services.open_case(
        kind="admission",
        subject=admission.public_id,
        thread=admission.public_id,
        organisation_id=admission.organisation_id,
        decision=admission.decision,
    )


@pytest.mark.parametrize(("outcome", "is_appealed"), [("deny", True), ("allow", False)])
def test_what_is_on_hold_is_decided_in_its_case_before_an_appeal(subject, owner, outcome, is_appealed):
    decision, admission = on_hold(subject)
    case = case_of(admission)
    with pytest.raises(NothingToAppeal):
        appealed(owner, decision)
    resolved(case, outcome)
    if is_appealed:
        assert appealed(owner, decision).state == "open"
    else:
        with pytest.raises(NothingToAppeal):
            appealed(owner, decision)
    assert broken() == []


def test_who_decided_an_appeal_of_a_hold_does_not_decide_its_case(subject, owner, judges):
    decision, admission = on_hold(subject)
    resolved(appealed(owner, decision), "upheld", by=judges)
    case = case_of(admission)
    for judge in judges:
        with pytest.raises(DecidedFirst):
            services.resolve_case(actor=judge, case=case.public_id, outcome="deny", reason="x")
    assert Case.objects.get(pk=case.pk).state == "open"
    resolved(case, "deny")
    assert broken() == []


def test_nothing_is_appealed_that_was_not_decided_against_one(subject, owner, stranger):
    allowed = refused_by_rules(subject, "allow")
    waits = opened(subject, capacity="seller")
    admitted = resolved(waits, "allow")
    for what in (allowed, admitted.public_id):
        with pytest.raises(NothingToAppeal):
            appealed(owner, what)
    with pytest.raises(NothingToAppeal):
        appealed(owner, opened(subject, code="environment").public_id)
    for what in ("cas_none", "dec_none", "sus_none", "trd_1", "x"):
        with pytest.raises(Missing):
            appealed(owner, what)
    case = denied_of = suspended(subject)
    for what in (case, denied_of):
        with pytest.raises(Missing):
            appealed(stranger, what)
    assert Appeal.objects.count() == 0


def test_an_appeal_is_filed_once_and_in_time(subject, owner):
    case = denied(subject)
    first = appealed(owner, case.public_id)
    with pytest.raises(AlreadyAppealed) as refusal:
        appealed(owner, case.public_id)
    assert refusal.value.fields["case"] == first.public_id
    services.withdraw_appeal(actor=owner, case=first.public_id)
    with pytest.raises(AlreadyAppealed):
        appealed(owner, case.public_id)
    suspension = suspended(subject)
    later(timedelta(days=30, minutes=1))
    with pytest.raises(AppealTooLate):
        appealed(owner, suspension)
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"statement": " "}, "statement"),
        ({"statement": "x" * 10_001}, "statement"),
        ({"documents": [{"name": "", "sha256": "9f" * 32}]}, "documents.0.name"),
        ({"documents": [{"name": "x", "sha256": "9F"}]}, "documents.0.sha256"),
        ({"documents": DOCUMENTS * 21}, "documents"),
    ],
)
def test_what_is_stated_wrongly_is_refused(subject, owner, changes, field):
    case = denied(subject)
    with pytest.raises(FieldInvalid) as refusal:
        appealed(owner, case.public_id, **changes)
    assert refusal.value.name == field
    assert Appeal.objects.count() == 0


def test_who_may_not_act_for_the_organisation_appeals_nothing(subject, owner, first):
    case = denied(subject)
    for actor, error in (
        (replace(owner, permissions=frozenset()), PermissionNeeded),
        (replace(owner, proved_at=None), ProofNeeded),
        (first, Forbidden),
    ):
        with pytest.raises(error):
            appealed(actor, case.public_id)
    assert Appeal.objects.count() == 0


def test_an_appeal_is_withdrawn_by_its_own_alone(subject, owner, stranger, judges):
    appeal = appealed(owner, denied(subject).public_id)
    for actor, case in ((stranger, appeal.public_id), (owner, appeal.subject)):
        with pytest.raises(Missing):
            services.withdraw_appeal(actor=actor, case=case)
    assert services.withdraw_appeal(actor=owner, case=appeal.public_id).state == "withdrawn"
    with pytest.raises(IllegalTransition):
        services.resolve_case(actor=judges[0], case=appeal.public_id, outcome="upheld", reason="x")
    with pytest.raises(IllegalTransition):
        services.withdraw_appeal(actor=owner, case=appeal.public_id)


def test_what_an_appeal_changed_is_carried_out_once(subject, owner, judges):
    appeal = appealed(owner, suspended(subject))
    stated = {"case": appeal.public_id, "how": "停止を解除しました。", "reference": appeal.subject}
    with pytest.raises(NothingToCarryOut):
        services.carry_out(actor=judges[0], **stated)
    resolved(appeal, "changed", by=judges)
    assert broken() == []
    with pytest.raises(StillSuspended):
        services.carry_out(actor=judges[0], **stated)
    assert Remedy.objects.count() == 0
    reinstated(subject, *judges)
    services.carry_out(actor=judges[0], **stated)
    assert Remedy.objects.get().carried_out_by == judges[0].identifier
    with pytest.raises(NothingToCarryOut):
        services.carry_out(actor=judges[1], **stated)
    with pytest.raises(FieldInvalid):
        services.carry_out(actor=judges[1], case=appeal.public_id, how=" ")
    with pytest.raises(PermissionNeeded):
        services.carry_out(actor=owner, **stated)
    assert recorded(appeal)[-2:] == ["cases.resolved", "cases.carried_out"]
    assert moves(appeal) == ["opened", "resolved", "carried_out"]
