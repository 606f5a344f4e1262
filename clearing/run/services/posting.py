"""Posts a netted cycle to the ledger: one entry per participant with gross lines, all in one statement."""

from __future__ import annotations

from typing import NamedTuple

from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle
from ...ledger.accounts import market_accounts, participant_accounts
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Balance
from ...ledger.states import AccountKind, EntryKind
from ...netting.models import POSITION_COLUMNS, NetPosition
from ...netting.positions import Position
from ..posting_plan import PlannedLine, plan_of, plan_of_operator

POSTED_KINDS = (AccountKind.PAYABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)
"""Accounts of a participant that its entry can touch."""


class _Party(NamedTuple):
    """A participant of the cycle: its stored position and its accounts by kind."""

    organisation_id: int
    public_id: str
    position: Position
    accounts: dict[str, int]


def post_positions(cycle: Cycle) -> int:
    """Post the positions of ``cycle``; returns the number of entries. Raises InsufficientFunds and posts nothing.

    The operator has its own entry only if fees were deferred; otherwise the participants' fees are booked against its
    revenue.
    """
    MOVER_LOCK.acquire()
    operator_id = operator_organisation().id
    parties = _parties(cycle, operator_id)
    claims = _claims(parties, cycle.currency)
    market = market_accounts(cycle.currency)
    plans = [
        plan_of(party.position, claim_minor=claims.get(party.accounts[AccountKind.CLAIM], 0))
        for party in parties
    ]
    operator = _operator(cycle, operator_id)
    if operator is not None:
        parties.append(operator)
        plans.append(plan_of_operator(operator.position))
    drafts = [_draft(cycle, party, plan, market) for party, plan in zip(parties, plans, strict=True) if plan]
    if drafts:
        post(drafts, currency=cycle.currency, purpose=cycle.business_key)
    return len(drafts)


def _parties(cycle: Cycle, operator_id: int) -> list[_Party]:
    rows = list(
        NetPosition.objects.filter(cycle=cycle)
        .exclude(organisation_id=operator_id)
        .order_by("organisation_id")
        .values_list("organisation_id", "public_id", *POSITION_COLUMNS)
    )
    accounts = participant_accounts((row[0] for row in rows), cycle.currency, POSTED_KINDS)
    return [_Party(row[0], row[1], Position(*row[2:]), accounts[row[0]]) for row in rows]


def _operator(cycle: Cycle, operator_id: int) -> _Party | None:
    """The operator's position in ``cycle``; its accounts are the market's."""
    row = (
        NetPosition.objects.filter(cycle=cycle, organisation_id=operator_id)
        .values_list("organisation_id", "public_id", *POSITION_COLUMNS)
        .first()
    )
    return _Party(row[0], row[1], Position(*row[2:]), {}) if row else None


def _claims(parties: list[_Party], currency: str) -> dict[int, int]:
    """Open claims on participants, by account, with their balances locked; few claims are open."""
    owing = Balance.objects.filter(
        account__kind=AccountKind.CLAIM, account__currency=currency, balance_minor__gt=0
    )
    accounts = {party.accounts[AccountKind.CLAIM] for party in parties}
    return lock_balances(accounts.intersection(owing.values_list("account_id", flat=True)))


def _draft(cycle: Cycle, party: _Party, plan: list[PlannedLine], market: dict[str, int]) -> Draft:
    chart = market | party.accounts
    return Draft(
        kind=EntryKind.CYCLE,
        reference=f"cycle:{party.public_id}",
        lines=[Line(line.kind, chart[line.debit], chart[line.credit], line.amount_minor) for line in plan],
        description=cycle.business_key,
        cycle_id=cycle.pk,
        organisation_id=party.organisation_id,
    )
