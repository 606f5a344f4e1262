"""Where client money is held, and by what right: two people say so, and what weakens a control is announced.

Conditions of one row, in SQL, for the guards and for the invariants: ``{row}`` is the row, ``{earlier}`` further limits the
rows ``b`` that it is compared with.
"""

from __future__ import annotations

from typing import Final

from marketplace.rules.parameters import PARAMETERS

DECLARE_REGIME: Final = "clearing.declare_regime"
REGISTER_ACCOUNT: Final = "clearing.register_client_account"
LIFT_RESTRAINT: Final = "clearing.lift_restraint"
PAY_CREDITOR: Final = "clearing.pay_creditor"
PERMIT_PAYMENT: Final = "clearing.permit_payment"
TAKE_OUT_OWN_MONEY: Final = "clearing.take_out_own_money"
LOWER_RESERVE: Final = "clearing.lower_reserve"

REGIME_FIELDS = (
    "regime",
    "legal_reference",
    "registration_number",
    "balance_cap_minor",
    "idle_days",
    "cross_border_allowed",
    "cross_border_basis",
)
"""What two people state of a funds regime."""

ACCOUNT_FIELDS = (
    "requester_code",
    "requester_name",
    "bank_code",
    "bank_name",
    "branch_code",
    "branch_name",
    "account_type",
    "account_number",
)
"""What two people state of a client account."""

CREDITOR_FIELDS = (
    "payee_kind",
    "payee_name",
    "bank_code",
    "branch_code",
    "account_type",
    "account_number",
    "account_holder_kana",
    "document",
    "document_sha256",
)
"""What two people state of whom they pay what is attached, and why."""

ACCOUNT_KEY = ("bank_code", "branch_code", "account_type", "account_number")
"""The columns by which two client accounts are the same account at the bank."""


def _approved(command: str, approval: str, *, by: str, moment: str, fields: tuple[str, ...]) -> str:
    """The row is what two people approved, to the letter."""
    content = ", ".join(f"'{name}', {{row}}.{name}" for name in fields)
    return (
        f"EXISTS (SELECT FROM public.approvals_approval a WHERE {approval} AND a.state = 'approved'"
        f" AND a.command = '{command}' AND a.subject = {{row}}.currency AND a.ended_by = {{row}}.{by}"
        f" AND a.payload @> jsonb_build_object({content})"
        f" AND coalesce((a.payload ->> 'effective_from')::timestamptz, {{row}}.{moment}) = {{row}}.effective_from)"
    )


def _noticed(table: str, *, moment: str, until: str, weakened: str) -> str:
    """The row weakens nothing in comparison with the one effective at ``until``, or its notice is over when it takes effect."""
    hours = _notice_hours(moment)
    return (
        f"{{row}}.effective_from >= {{row}}.{moment} + {hours} * interval '1 hour' OR NOT EXISTS ("  # noqa: S608  our own words
        f"SELECT FROM (SELECT b.* FROM public.{table} b WHERE b.currency = {{row}}.currency"
        f" AND b.effective_from <= {{row}}.{until}{{earlier}} ORDER BY b.effective_from DESC, b.id DESC LIMIT 1) b"
        f" WHERE {weakened})"
    )


def _notice_hours(moment: str) -> str:
    """``control_notice_hours`` of the rulebook in force at a moment of the row."""
    return (
        f"coalesce((SELECT (rules.document -> 'parameters' ->> 'control_notice_hours')::numeric"  # noqa: S608  our own words
        f" FROM public.rules_rulebook rules WHERE rules.effective_from <= {{row}}.{moment} ORDER BY rules.number DESC LIMIT 1),"
        f" {PARAMETERS['control_notice_hours'].default})"
    )


REGIME_APPROVED = _approved(
    DECLARE_REGIME,
    "a.public_id = {row}.approval",
    by="declared_by",
    moment="declared_at",
    fields=REGIME_FIELDS,
)
REGIME_NOTICED = _noticed(
    "clearing_fundsregime",
    moment="declared_at",
    until="effective_from",
    weakened="{row}.regime <> b.regime OR {row}.balance_cap_minor > b.balance_cap_minor"
    " OR {row}.idle_days > b.idle_days OR {row}.cross_border_allowed AND NOT b.cross_border_allowed",
)
ACCOUNT_APPROVED = _approved(
    REGISTER_ACCOUNT,
    "a.id = {row}.approval_id",
    by="registered_by",
    moment="registered_at",
    fields=ACCOUNT_FIELDS,
)
ACCOUNT_NOTICED = _noticed(
    "clearing_clientaccount",
    moment="registered_at",
    until="registered_at",
    weakened=f"({', '.join(f'b.{name}' for name in ACCOUNT_KEY)})"
    f" <> ({', '.join(f'{{row}}.{name}' for name in ACCOUNT_KEY)})",
)
LIFT_APPROVED = (
    "{row}.lifts_id IS NULL OR EXISTS (SELECT FROM public.approvals_approval a"
    " JOIN public.clearing_setoffrestraint lifted ON lifted.id = {row}.lifts_id"
    f" WHERE a.id = {{row}}.approval_id AND a.state = 'approved' AND a.command = '{LIFT_RESTRAINT}'"
    " AND a.subject = lifted.public_id AND a.ended_by = {row}.recorded_by"
    " AND a.payload @> jsonb_build_object('reason', {row}.reference))"
)
_OF_CREDITOR = ", ".join(f"'{name}', {{row}}.{name}" for name in CREDITOR_FIELDS)
CREDITOR_APPROVED = (
    "EXISTS (SELECT FROM public.approvals_approval a JOIN public.clearing_setoffrestraint s ON s.id = {row}.restraint_id"
    " JOIN public.clearing_settlementinstruction p ON p.id = {row}.payment_id"
    f" WHERE a.id = {{row}}.approval_id AND a.state = 'approved' AND a.command = '{PAY_CREDITOR}'"
    " AND (a.subject, a.amount_minor, a.currency, a.ended_by)"
    "  = (s.public_id, {row}.amount_minor, {row}.currency, {row}.decided_by)"
    f" AND a.payload @> jsonb_build_object('payment', p.public_id, {_OF_CREDITOR}))"
)
SURPLUS_APPROVED = (
    "EXISTS (SELECT FROM public.approvals_approval a WHERE a.id = {row}.approval_id AND a.state = 'approved'"  # noqa: S608  our own words
    f" AND a.command = '{TAKE_OUT_OWN_MONEY}' AND (a.subject, a.currency) = ({{row}}.currency, {{row}}.currency)"
    " AND CASE WHEN {row}.instead_of_id IS NULL THEN a.amount_minor = {row}.amount_minor"
    "  ELSE a.amount_minor >= {row}.amount_minor END)"
    " AND EXISTS (SELECT FROM public.participants_organisation o WHERE o.id = {row}.organisation_id AND o.is_operator)"
)
PERMISSION_APPROVED = (
    "EXISTS (SELECT FROM public.approvals_approval a JOIN public.clearing_settlementinstruction p ON p.id = {row}.payment_id"
    f" WHERE a.id = {{row}}.approval_id AND a.state = 'approved' AND a.command = '{PERMIT_PAYMENT}'"
    " AND (a.subject, a.ended_by) = (p.public_id, {row}.permitted_by)"
    " AND a.payload @> jsonb_build_object('number', {row}.number, 'authority', {row}.authority))"
)
LOWERING_APPROVED = (
    "EXISTS (SELECT FROM public.approvals_approval a WHERE a.id = {row}.approval_id AND a.state = 'approved'"
    f" AND a.command = '{LOWER_RESERVE}'"
    " AND (a.subject, a.amount_minor, a.currency, a.ended_by)"
    "  = ({row}.currency, {row}.amount_minor, {row}.currency, {row}.decided_by)"
    " AND a.payload @> jsonb_build_object('reason', {row}.reason)"
    " AND coalesce((a.payload ->> 'effective_from')::timestamptz, {row}.effective_from) = {row}.effective_from)"
    f" AND {{row}}.effective_from >= {{row}}.decided_at + {_notice_hours('decided_at')} * interval '1 hour'"
)
"""Two people lower the reserve as they stated, and everybody can read it before it takes effect."""
