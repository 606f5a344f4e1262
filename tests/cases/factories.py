"""Held cases and appeals, opened and decided as the market does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.cases import services
from marketplace.cases.models import Case
from marketplace.kernel import clock
from marketplace.kernel.actors import SYSTEM, Actor
from marketplace.participants import services as participants
from marketplace.participants.models import Admission, Organisation, Suspension
from marketplace.rules import services as rules
from tests.participants import factories as parties
from tests.rules import factories as rulebooks

REASON = "登記事項証明書を確認しました。"
STATEMENT = "代表者の変更は4月1日に登記済みです。証明書を提出します。"
DOCUMENTS = [{"name": "履歴事項全部証明書", "sha256": "9f" * 32}]
PATH = "/api/v1/cases/"


def held(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Admission:
    """An application that the rules put on hold."""
    admission = parties.application_for(subject, code, capacity)
    return participants.decide_admission(
        actor=SYSTEM, admission=admission.public_id, outcome="hold", decision="dec_test"
    )


def opened(subject: Organisation, code: str = "mobility", capacity: str = "buyer") -> Case:
    """The case of an application that the rules put on hold."""
    return of_held(held(subject, code, capacity))


def of_held(admission: Admission) -> Case:
    """The case of an application that is on hold."""
    return services.open_case(
        kind="admission",
        subject=admission.public_id,
        thread=admission.public_id,
        organisation_id=admission.organisation_id,
        decision="dec_test",
    )


def pair() -> tuple[Actor, Actor]:
    """Two people of the operator, with every role."""
    staffed = Organisation.objects.get(is_operator=True)
    return parties.actor_for(staffed, "usr_case_first"), parties.actor_for(staffed, "usr_case_second")


def resolved(
    case: Case, outcome: str, reason: str = REASON, *, by: tuple[Actor, Actor] | None = None
) -> Case:
    """The case as two people decided it."""
    stated: dict[str, Any] = {"case": case.public_id, "outcome": outcome, "reason": reason}
    first, second = by or pair()
    with pytest.raises(SecondPersonNeeded):
        services.resolve_case(actor=first, **stated)
    return services.resolve_case(actor=second, **stated)


def decide_held(subject: str, outcome: str = "allow", reason: str = REASON) -> Case:
    """Two people decide the open case of what is on hold (public identifier)."""
    return resolved(Case.objects.get(subject=subject, state="open"), outcome, reason)


def denied(subject: Organisation) -> Case:
    """A case that two people decided against a participant."""
    return resolved(opened(subject), "deny", "代表者を確認できませんでした。")


def appealed(actor: Actor, subject: str, **changes: Any) -> Case:
    """An appeal of what was decided against the actor's organisation."""
    stated = {"subject": subject, "statement": STATEMENT, "documents": DOCUMENTS, **changes}
    return services.file_appeal(actor=actor, **stated)


def refused_by_rules(subject: Organisation, outcome: str = "deny") -> str:
    """A decision of the rules against a participant; returns its identifier."""
    rulebooks.publish(rulebooks.document(rulebooks.rule("ADM-X", "true", outcome, "admission")))
    admission = parties.application_for(subject)
    return rules.evaluate(point="admission", subject=admission.public_id).public_id


def suspended(subject: Organisation, by: Actor = SYSTEM) -> str:
    """A suspension of a participant; returns its identifier."""
    participants.suspend_participant(
        actor=by, organisation=subject.public_id, reason_code="review", reason="確認中"
    )
    return str(Suspension.objects.latest("pk").public_id)


def reinstated(subject: Organisation, first: Actor, second: Actor) -> None:
    """Two people end the suspension of a participant."""
    participants.reinstate_participant(
        actor=second, organisation=subject.public_id, first_person=first.identifier
    )


def later(delay: timedelta) -> None:
    """Business time goes on."""
    clock.move_to(clock.now() + delay)
