"""Columns and conditions that several tables of clearing share."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

CURRENCY_PATTERN = r"^[A-Z]{3}$"


def organisation_key(**options: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key to an organisation, without a reverse relation; protects the organisation from deletion."""
    return models.ForeignKey(
        "participants.Organisation", on_delete=models.PROTECT, related_name="+", **options
    )


def currency_stated(name: str) -> models.CheckConstraint:
    """The ``currency`` column is an ISO 4217 code."""
    return models.CheckConstraint(condition=Q(currency__regex=CURRENCY_PATTERN), name=name)
