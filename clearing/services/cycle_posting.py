"""Posting a netted cycle to the ledger: one entry a participant with gross lines, all in two statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.identifiers import new_identifier
from marketplace.participants.queries import operator_organisation, organisations_by_id

from ..bulk import insert_columns
from ..ledger.accounts import market_accounts, participant_accounts
from ..ledger.journal import refusing_overdraft
from ..models import Balance, Cycle, NetPosition
from ..models.cycles import POSITION_COLUMNS
from ..netting import Position
from ..posting_plan import PlannedLine, plan_of
from ..states import AccountKind, EntryKind

LOCKED_KINDS = (AccountKind.AVAILABLE, AccountKind.PAYABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)


def post_positions(cycle: Cycle) -> int:
    """Post the positions of ``cycle``; returns how many entries. Raises InsufficientFunds, keeping nothing.

    The operator has no entry of its own: what it earns is the other side of the participants' fees.
    """
    positions = _positions(cycle)
    views = organisations_by_id(positions)
    accounts = participant_accounts({key: view.public_id for key, view in views.items()}, cycle.currency)
    balances = lock_balances(accounts[key][kind] for key in positions for kind in LOCKED_KINDS)
    lines: dict[int, tuple[PlannedLine, ...]] = {}
    for key, position in positions.items():
        own = accounts[key]
        plan = plan_of(
            position,
            available_minor=-balances[own[AccountKind.AVAILABLE]],
            claim_minor=balances[own[AccountKind.CLAIM]],
        )
        if plan.lines:
            lines[key] = plan.lines
    if lines:
        with refusing_overdraft(cycle.business_key):
            entries = _write_entries(cycle, {key: views[key].public_id for key in lines})
            _write_postings(cycle, lines, accounts, entries)
    return len(lines)


def lock_balances(account_ids: Iterable[int]) -> dict[int, int]:
    """Balances of accounts, locked in the order of their accounts; unlimited accounts are left out."""
    rows = (
        Balance.objects.select_for_update(no_key=True)
        .filter(account_id__in=list(account_ids))
        .order_by("account_id")
    )
    return dict(rows.values_list("account_id", "balance_minor"))


def _positions(cycle: Cycle) -> dict[int, Position]:
    rows = (
        NetPosition.objects.filter(cycle=cycle)
        .exclude(organisation_id=operator_organisation().id)
        .order_by("organisation_id")
        .values_list("organisation_id", *POSITION_COLUMNS)
    )
    return {row[0]: Position(*row[1:]) for row in rows}


def _write_entries(cycle: Cycle, organisations: dict[int, str]) -> dict[int, int]:
    """One entry a participant (key → public identifier): organisation → entry."""
    size = len(organisations)
    rows = insert_columns(
        "clearing_entry",
        {
            "public_id": ("text", [new_identifier("jrn") for _ in organisations]),
            "kind": ("text", [EntryKind.CYCLE.value] * size),
            "reference": ("text", [f"{cycle.public_id}:{name}" for name in organisations.values()]),
            "description": ("text", [cycle.business_key] * size),
            "business_date": ("date", [clock.today()] * size),
            "booked_at": ("timestamptz", [clock.now()] * size),
            "cycle_id": ("bigint", [cycle.pk] * size),
            "organisation_id": ("bigint", list(organisations)),
        },
        returning=("organisation_id", "id"),
    )
    return dict(rows)


def _write_postings(
    cycle: Cycle,
    lines: dict[int, tuple[PlannedLine, ...]],
    accounts: dict[int, dict[str, int]],
    entries: dict[int, int],
) -> None:
    market = market_accounts(cycle.currency)
    rows: list[tuple[Any, ...]] = []
    for key, planned in lines.items():
        chart = market | accounts[key]
        leg = 0
        for line in planned:
            rows.append((entries[key], leg + 1, chart[line.debit], line.amount_minor, line.kind.value))
            rows.append((entries[key], leg + 2, chart[line.credit], -line.amount_minor, line.kind.value))
            leg += 2
    entry, legs, account, amount, kind = zip(*rows, strict=True)
    insert_columns(
        "clearing_posting",
        {
            "entry_id": ("bigint", entry),
            "leg": ("int", legs),
            "account_id": ("bigint", account),
            "amount_minor": ("bigint", amount),
            "currency": ("text", [cycle.currency] * len(rows)),
            "line": ("text", kind),
        },
    )
