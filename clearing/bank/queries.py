"""Reads bank entries in suspense, and pay-in references."""

from __future__ import annotations

from marketplace.participants.queries import get_organisation

from .pay_in_reference import pay_in_reference_of


def pay_in_reference(*, organisation: str) -> str:
    """The pay-in reference of a participant. Raises Missing."""
    return pay_in_reference_of(get_organisation(organisation).id)
