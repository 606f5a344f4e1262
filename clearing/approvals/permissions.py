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
    (
        "clearing.adjustment",
        "clearing.allocate_pay_in",
        "clearing.book_debit",
        "clearing.claw_back",
        "clearing.deposit_release",
        "clearing.give_up_bill",
        "clearing.lift_halt",
        "clearing.lift_restraint",
        "clearing.pay_creditor",
        "clearing.penalty",
        "clearing.permit_payment",
        "clearing.recoup_debit",
        "clearing.reduce_guarantee",
        "clearing.refund",
        "clearing.register_guarantee",
        "clearing.relieve_tax",
        "clearing.resolution",
        "clearing.retry_payment",
        "clearing.reversal",
        "clearing.write_off",
        "clearing.write_off_fee",
    )
)
"""Commands about single participants: nobody gives one who has declared an interest in whom it is about (``CONCERNED``)."""
CONCERNED: Final = """(
    SELECT o.id FROM public.participants_organisation o
     WHERE o.public_id IN ({payload} ->> 'payee', {payload} ->> 'beneficiary')
        OR o.public_id IN (SELECT p.party FROM public.evidence_parties('', {subject}, '{{}}'::jsonb) p)
        OR o.public_id IN (SELECT p.party FROM public.evidence_parties('', {payload} ->> 'instruction', '{{}}'::jsonb) p)
        OR o.public_id IN (SELECT p.party FROM public.evidence_parties('', {payload} ->> 'debit', '{{}}'::jsonb) p))"""
"""The keys of the organisations that a command is about, in SQL after FROM: its payee and beneficiary, and whose its subject,
the payment and the debit are that its payload names."""
