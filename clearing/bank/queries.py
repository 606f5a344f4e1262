"""Reads bank entries in suspense, and pay-in references."""

from __future__ import annotations

from django.db.models import QuerySet

from marketplace.participants.queries import get_organisation

from .models import BankEntry
from .pay_in_reference import pay_in_reference_of
from .states import BankMatch


def pay_in_reference(*, organisation: str) -> str:
    """The pay-in reference of a participant. Raises Missing."""
    return pay_in_reference_of(get_organisation(organisation).id)


def unallocated_pay_ins() -> QuerySet[BankEntry]:
    """Bank entries that are neither recognised nor allocated."""
    return BankEntry.objects.filter(match=BankMatch.UNALLOCATED, allocation=None)
