"""A command that takes two people of an organisation and does nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marketplace.approvals.models import Approval
from marketplace.approvals.services import require_two_people
from marketplace.kernel.actors import Actor
from marketplace.kernel.permissions import Permission
from marketplace.kernel.refusals import record_refusals


def ask(
    actor: Actor, permission: Permission = Permission.PAYOUT_WRITE, *, of: str | None = None, **stated: Any
) -> Approval:
    """Give the command for the actor's organisation, or ``of`` another."""
    with record_refusals():
        return require_two_people(
            actor=actor,
            permission=permission,
            organisation=actor.organisation or "" if of is None else of,
            command=stated.pop("command", "test.change_account"),
            subject="sub_1",
            payload=stated,
            expires_in=timedelta(hours=24),
        )


def states() -> list[str]:
    """The states of all approvals, in the order in which they were asked."""
    return list(Approval.objects.order_by("pk").values_list("state", flat=True))
