"""Columns and conditions that several tables of clearing share."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

CURRENCY_PATTERN = r"^[A-Z]{3}$"


def organisation_key(**options: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key to an organisation, without a reverse relation; protects the organisation from deletion."""
    return models.ForeignKey(
        "participants.Organisation", on_delete=models.PROTECT, related_name="+", **options
    )


def currency_stated(name: str) -> models.CheckConstraint:
    """The ``currency`` column is an ISO 4217 code."""
    return models.CheckConstraint(condition=Q(currency__regex=CURRENCY_PATTERN), name=name)


def date_of_moment(name: str, *, day: str, moment: str) -> models.CheckConstraint:
    """``day`` is the date of ``moment`` in some time zone, from UTC-12 to UTC+14."""

    def date_at(offset: str) -> models.Func:
        return models.Func(
            F(moment),
            template=f"((%(expressions)s + interval '{offset}') AT TIME ZONE 'UTC')::date",
            output_field=models.DateField(),
        )

    return models.CheckConstraint(
        condition=Q(**{f"{day}__gte": date_at("-12 hours"), f"{day}__lte": date_at("14 hours")}), name=name
    )
