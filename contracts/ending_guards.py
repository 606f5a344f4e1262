"""Database guards of how agreements end: when their rights of use end, and what comes before."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
from django.db import models
from django.db.models import F, Q

from marketplace.kernel.guards import sql_body

from .states import AgreementState

_SQL = Path(__file__).parent / "sql"


def expired_after_its_end() -> models.CheckConstraint:
    """What is expired says when, and that was not before its end; what is in force is not."""
    return models.CheckConstraint(
        condition=Q(expired_at=None) & ~Q(state=AgreementState.EXPIRED)
        | Q(expired_at__isnull=False, ends_at__isnull=False, expired_at__gte=F("ends_at"))
        & ~Q(state=AgreementState.IN_FORCE),
        name="agreement_expired_after_its_end",
    )


def ends_as_signed() -> pgtrigger.Trigger:
    """An agreement ends when the signed rights end; the end moves later only while it is in force, and not past a signed last day."""
    return pgtrigger.Trigger(
        name="ends_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("ends_at", "state", "expired_at"),
        declare=[("rights", "jsonb")],
        func=sql_body(_SQL / "ends_as_signed.sql"),
    )
