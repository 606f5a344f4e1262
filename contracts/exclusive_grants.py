"""Exclusive grants: while an agreement that grants a listing exclusively is in force, no other agreement over it is."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from .states import AgreementState

ONE = "agreement_exclusive_once"
ALONE = "agreement_exclusive_alone"
CONSTRAINTS = (ONE, ALONE)
"""What the database says to a second agreement beside an exclusive one, and to an exclusive one beside others."""


def exclusively_granted() -> tuple[models.BaseConstraint, ...]:
    """The constraints: of a listing, at most one agreement in force is exclusive, and it is with none that is not."""
    return (
        models.UniqueConstraint(
            fields=["listing"], condition=Q(exclusive=True, state=AgreementState.IN_FORCE), name=ONE
        ),
        ExclusionConstraint(
            name=ALONE,
            expressions=[("listing", "="), (Cast("exclusive", models.IntegerField()), "<>")],
            condition=Q(state=AgreementState.IN_FORCE),
        ),
    )
