"""The application that a command is about, locked, and the record of what became of it."""

from __future__ import annotations

from typing import Any

from marketplace.events.schemas.registration import RegistrationMoved
from marketplace.events.services import emit
from marketplace.evidence.services import record
from marketplace.kernel.actors import Actor
from marketplace.kernel.errors import IllegalTransition, Missing

from .models import Registration
from .states import REGISTRATION, RegistrationState


def lock_registration(public_id: str) -> Registration:
    """The application, locked until the transaction ends; raises Missing."""
    row = Registration.objects.select_for_update(no_key=True).filter(public_id=public_id).first()
    if row is None:
        raise Missing(kind="registration", identifier=public_id)
    return row


def lock_own(actor: Actor, public_id: str) -> Registration:
    """The applicant's own application, locked; raises Missing for anybody else's, as if there were none.

    An applicant acts under the identifier of its application (``authentication``).
    """
    if actor.identifier != public_id:
        raise Missing(kind="registration", identifier=public_id)
    return lock_registration(public_id)


def require_draft(row: Registration, command: str) -> None:
    """Raise IllegalTransition unless the application is being prepared."""
    if row.state != RegistrationState.DRAFT:
        allowed = ", ".join(REGISTRATION.commands(state=row.state, role="applicant")) or "-"
        raise IllegalTransition(
            machine=REGISTRATION.name, state=row.state, command=command, role="applicant", allowed=allowed
        )


def record_move(row: Registration, actor: Actor, **payload: Any) -> None:
    """Record in evidence that the application came to its present state, and emit it. ``payload``: no personal data."""
    record(kind=f"registration.{row.state}", subject=row.public_id, actor=actor, payload=payload)
    emit(RegistrationMoved(registration=row.public_id, state=row.state))
