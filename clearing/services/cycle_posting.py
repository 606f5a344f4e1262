"""Posting a netted cycle to the ledger: one entry a participant with gross lines, all in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from marketplace.participants.queries import OrganisationView, operator_organisation, organisations_by_id

from ..ledger.accounts import market_accounts, participant_accounts
from ..ledger.journal import Draft, Line, post
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
    market = market_accounts(cycle.currency)
    drafts = []
    for key, position in positions.items():
        own = accounts[key]
        plan = plan_of(
            position,
            available_minor=-balances[own[AccountKind.AVAILABLE]],
            claim_minor=balances[own[AccountKind.CLAIM]],
        )
        if plan.lines:
            drafts.append(_draft(cycle, views[key], plan.lines, market | own))
    if drafts:
        post(drafts, currency=cycle.currency, purpose=cycle.business_key)
    return len(drafts)


def _draft(
    cycle: Cycle, party: OrganisationView, lines: Sequence[PlannedLine], chart: dict[str, int]
) -> Draft:
    return Draft(
        kind=EntryKind.CYCLE,
        reference=f"{cycle.public_id}:{party.public_id}",
        lines=[Line(line.kind, chart[line.debit], chart[line.credit], line.amount_minor) for line in lines],
        description=cycle.business_key,
        cycle_id=cycle.pk,
        organisation_id=party.id,
    )


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
