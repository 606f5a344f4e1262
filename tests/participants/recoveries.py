"""Recoveries of owners in each state, for tests."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.actors import Actor
from marketplace.participants import services
from marketplace.participants.models import Organisation, OwnerRecovery

from . import factories

PDF = b"%PDF-1.7 an extract"
ADDRESS = "new-owner@example.jp"


def filed(subject: Organisation, **changes: Any) -> OwnerRecovery:
    """One that the public filed."""
    facts = {
        "email": ADDRESS,
        "name": "新 代表",
        "statement": "代表者が死亡しました。",
        "content": PDF,
        "actor": None,
    }
    return services.file_recovery(organisation=subject.public_id, **(facts | changes))


def staff(operator: Organisation) -> tuple[Actor, Actor]:
    """Two people of admission."""
    first, second = (
        factories.actor_of(factories.person_of(operator, f"{name}-{operator.pk}", ("admission",)))
        for name in ("one", "two")
    )
    return first, second


def waiting(subject: Organisation, operator: Organisation, **changes: Any) -> OwnerRecovery:
    """One in its waiting time."""
    row = filed(subject, **changes)
    first, second = staff(operator)
    services.propose_recovery(actor=first, recovery=row.public_id, reason="登記を確認")
    return services.confirm_recovery(actor=second, recovery=row.public_id)
