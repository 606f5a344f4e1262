"""Which permission both people need for each command that takes two. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from marketplace.kernel.permissions import Permission

PREFIX: Final = "clearing."
DEFAULT: Final = Permission.CLEARING_WRITE

PERMISSIONS: Mapping[str, Permission] = {
    "clearing.abandon_event": Permission.SUPPORT_WRITE,
    "clearing.adjustment": Permission.DISPUTES_WRITE,
    "clearing.lift_halt": Permission.RULEBOOK_WRITE,
    "clearing.reinstate_participant": Permission.ADMISSION_WRITE,
    "clearing.resolution": Permission.DISPUTES_WRITE,
    "clearing.weaken_controls": Permission.RULEBOOK_WRITE,
}
"""Commands that are not the work of clearing itself; every other one needs ``DEFAULT``."""


def permission_of(command: str) -> Permission:
    """What both people must hold who give ``command``."""
    return PERMISSIONS.get(command, DEFAULT)


UNRELATED: Final = frozenset(
    PREFIX + name
    for name in (
        "adjustment", "allocate_pay_in", "claw_back", "deposit_release", "give_up_bill", "lift_halt", "lift_restraint",
        "pay_creditor", "penalty", "permit_payment", "recoup_debit", "reduce_guarantee", "refund", "register_guarantee",
        "relieve_tax", "resolution", "retry_payment", "reversal", "write_off", "write_off_fee",
    )
)  # fmt: skip
"""Commands about single participants: nobody gives one who has declared an interest in a party of its subject, or in its payee."""
CONCERNED: Final = """(
    SELECT o.id FROM public.participants_organisation o
     WHERE o.public_id = {payee} OR o.public_id IN (SELECT p.party FROM public.evidence_parties('', {subject}, '{{}}'::jsonb) p))"""
"""The keys of the organisations that a command is about, in SQL after FROM: its payee, and whose its subject is."""
