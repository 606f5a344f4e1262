"""Posts a netted cycle to the ledger: one entry per participant with gross lines, some participants at a time.

A participant's entry is whole in its chunk. Between the chunks the clearing control account holds what was taken from
participants already and not yet given to others, or the reverse; after the last chunk it is zero.
"""

from __future__ import annotations

from typing import NamedTuple

from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle, CyclePart
from ...cycles.parts import part_of, record_chunk
from ...cycles.states import StepPart
from ...ledger.accounts import market_accounts, participant_accounts
from ...ledger.journal import Draft, Line, post
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.models import Balance
from ...ledger.states import AccountKind, EntryKind
from ...netting.models import POSITION_COLUMNS, NetPosition
from ...netting.positions import Position
from ...shortfalls.queries import fees_put_off
from ..posting_plan import PlannedLine, PutOff, plan_of, plan_of_operator

PARTICIPANTS_A_CHUNK = 5_000

POSTED_KINDS = (AccountKind.PAYABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)
"""Accounts of a participant that its entry can touch."""


class _Party(NamedTuple):
    """A participant, or the operator, with its stored position."""

    organisation_id: int
    public_id: str
    party_key: str
    position: Position


def post_chunk(cycle: Cycle) -> CyclePart:
    """Post the next positions of ``cycle``, in the order of their party keys; the part, ended by the last of them.

    Raises InsufficientFunds and posts nothing of the chunk. The operator has its own entry only if fees were deferred into
    or out of the cycle; otherwise the participants' fees are booked against its revenue. All entries have the business time at which
    posting began.
    """
    MOVER_LOCK.acquire()
    part = part_of(cycle, StepPart.ENTRIES, count=NetPosition.objects.filter(cycle=cycle).count)
    parties = _parties(cycle, part.reached)
    drafts = _drafts(cycle, parties)
    if drafts:
        post(drafts, currency=cycle.currency, purpose=cycle.business_key, booked_at=part.booked_at)
    record_chunk(
        part,
        done=len(parties),
        reached=parties[-1].party_key if parties else "",
        ended=len(parties) < PARTICIPANTS_A_CHUNK,
    )
    return part


def _parties(cycle: Cycle, reached: str) -> list[_Party]:
    rows = NetPosition.objects.filter(cycle=cycle, party_key__gt=reached).order_by("party_key")
    columns = ("organisation_id", "public_id", "party_key", *POSITION_COLUMNS)
    return [
        _Party(row[0], row[1], row[2], Position(*row[3:]))
        for row in rows.values_list(*columns)[:PARTICIPANTS_A_CHUNK]
    ]


def _drafts(cycle: Cycle, parties: list[_Party]) -> list[Draft]:
    """The entries of ``parties``; none for a party without a line."""
    operator_id = operator_organisation().id
    others = [party.organisation_id for party in parties if party.organisation_id != operator_id]
    accounts = participant_accounts(others, cycle.currency, POSTED_KINDS)
    claims = _claims(accounts)
    market = market_accounts(cycle.currency)
    drafts = []
    for party in parties:
        own = accounts.get(party.organisation_id, {})
        if party.organisation_id == operator_id:
            plan = plan_of_operator(party.position, PutOff(*fees_put_off(cycle.pk)))
        else:
            plan = plan_of(party.position, claim_minor=claims.get(own[AccountKind.CLAIM], 0))
        if plan:
            drafts.append(_draft(cycle, party, plan, market | own))
    return drafts


def _claims(accounts: dict[int, dict[str, int]]) -> dict[int, int]:
    """Open claims on participants, by account, with their balances locked; few claims are open."""
    keys = [own[AccountKind.CLAIM] for own in accounts.values()]
    owing = Balance.objects.filter(account_id__in=keys, balance_minor__gt=0)
    return lock_balances(owing.values_list("account_id", flat=True))


def _draft(cycle: Cycle, party: _Party, plan: list[PlannedLine], chart: dict[str, int]) -> Draft:
    return Draft(
        kind=EntryKind.CYCLE,
        reference=f"cycle:{party.public_id}",
        lines=[Line(line.kind, chart[line.debit], chart[line.credit], line.amount_minor) for line in plan],
        description=cycle.business_key,
        cycle_id=cycle.pk,
        organisation_id=party.organisation_id,
    )
