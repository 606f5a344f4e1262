"""Database guards of booked debits, recoupments and allocations."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
from django.db.models import Model

from marketplace.kernel.guards import sql_body, sql_list

from .states import RETURNABLE

_SQL = Path(__file__).parent / "sql"


def debit_booking_fits() -> pgtrigger.Trigger:
    """A debit in suspense is booked; the payment that was carried out twice is of its amount, and was carried out once."""
    return pgtrigger.Trigger(
        name="debit_booking_fits",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "debit_booking_fits.sql"),
    )


def recoupment_fits() -> pgtrigger.Trigger:
    """A receipt in suspense, or one recognised as the return, returns at most what is still reclaimed."""
    return pgtrigger.Trigger(
        name="recoupment_fits",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("reclaimed", "record"), ("receipt", "record")],
        func=sql_body(_SQL / "recoupment_fits.sql", RETURNABLE=sql_list(RETURNABLE)),
    )


def allocation_fits(model: type[Model]) -> None:
    """Register on allocations: a receipt in suspense that returned nothing is allocated."""
    pgtrigger.register(
        pgtrigger.Trigger(
            name="allocation_fits",
            when=pgtrigger.Before,
            operation=pgtrigger.Insert,
            func=sql_body(_SQL / "allocation_fits.sql"),
        )
    )(model)
