"""Posts a netted cycle to the ledger: one entry per participant with gross lines, some participants at a time.

One statement plans and writes the entries of a chunk from its positions. A participant's entry is whole in its chunk.
Between the chunks the clearing control account holds what was taken from participants already and not yet given to
others, or the reverse; after the last chunk it is zero. The operator's own entry is in the last chunk: it takes fees that
were put off out of the operator's money, and that money has them only once the participants' entries brought them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection

from marketplace.kernel.identifiers import new_identifiers
from marketplace.participants.queries import operator_organisation

from ...cycles.models import Cycle, CyclePart
from ...cycles.parts import part_of, record_chunk
from ...cycles.states import StepPart
from ...ledger.accounts import market_accounts, participant_accounts
from ...ledger.journal import Draft, Line, post, post_planned
from ...ledger.locking import lock_balances
from ...ledger.locks import MOVER_LOCK
from ...ledger.states import AccountKind, EntryKind, LineKind
from ...netting.models import NetPosition
from ...shortfalls.queries import fees_put_off
from ..posting_plan import HAS_LINES, planned_lines

PARTICIPANTS_A_CHUNK = 5_000

OWN_KINDS = (AccountKind.PAYABLE, AccountKind.RECEIVABLE, AccountKind.CLAIM)
"""Accounts of a participant that its entry can touch."""

_IN_INDEX_ORDER = "SELECT set_config('enable_bitmapscan', 'off', true)"
"""Right after netting, statistics say that few positions are left; reading and sorting all of them for each chunk would grow
with the square of the participants."""
_NEXT = """
    SELECT count(*), coalesce(max(n.party_key), ''),
           coalesce(array_agg(n.organisation_id) FILTER (WHERE c.account_id IS NULL), '{}'),
           coalesce(array_agg(c.account_id) FILTER (WHERE c.balance_minor > 0), '{}')
      FROM (SELECT organisation_id, party_key FROM clearing_netposition
             WHERE cycle_id = %(cycle)s AND party_key > %(reached)s ORDER BY party_key LIMIT %(limit)s) n
      LEFT JOIN LATERAL (
        SELECT a.id AS account_id, (SELECT b.balance_minor FROM clearing_balance b WHERE b.account_id = a.id)
          FROM clearing_account a
         WHERE a.organisation_id = n.organisation_id AND a.kind = 'claim' AND a.currency = %(currency)s OFFSET 0) c ON true
"""
"""The number and the last key of the next positions, those without accounts, and the accounts of open claims. Rows are
looked up by key: in a join of sets the planner would read all accounts for some of them."""


def _account(kind: AccountKind) -> str:
    return f"own.{kind.value}" if kind in OWN_KINDS else f"%({kind.value})b::bigint"


_OWN = ", ".join(f"max(id) FILTER (WHERE kind = '{kind.value}') AS {kind.value}" for kind in OWN_KINDS)
_PLANNED = f"""
    own AS MATERIALIZED (
        SELECT n.*, a.*, row_number() OVER (ORDER BY n.party_key) AS place,
               CASE WHEN a.claim = ANY(%(claims)b::bigint[]) THEN (
                    SELECT balance_minor FROM clearing_balance WHERE account_id = a.claim) ELSE 0 END AS claim_minor
          FROM clearing_netposition n
         CROSS JOIN LATERAL (
            SELECT {_OWN} FROM clearing_account
             WHERE organisation_id = n.organisation_id AND currency = %(currency)s) a
         WHERE n.cycle_id = %(cycle)b AND n.party_key > %(reached)b AND n.party_key <= %(last)b
           AND n.organisation_id <> %(operator)b AND ({HAS_LINES})
    ), drafted AS (
        SELECT e.public_id, 'cycle' AS kind, 'cycle:' || net_position AS reference, %(description)b::text AS description,
               %(cycle)b::bigint AS cycle_id, NULL::bigint AS trade_id, organisation_id, NULL::date AS value_date, place
          FROM unnest(%(public_ids)b::text[], (SELECT array_agg(public_id::text ORDER BY place) FROM own),
                      (SELECT array_agg(organisation_id ORDER BY place) FROM own)) WITH ORDINALITY
               AS e(public_id, net_position, organisation_id, place)
         WHERE net_position IS NOT NULL
    ), lined AS (
        SELECT own.place, l.number, l.debit, l.credit, l.amount_minor, l.line, NULL::bigint AS trade_id
          FROM own CROSS JOIN LATERAL ({planned_lines(_account)}) l
    )
"""  # noqa: S608  our own words
"""The entries of a chunk and their lines, in the form that ``post_planned`` writes. Nothing is joined as a set: right
after netting, statistics do not know the positions, and the planner would join thousands of rows one by one."""


class _Chunk(NamedTuple):
    """The next positions after ``reached``: their number, the last of their keys, organisations without accounts, and
    accounts of claims on participants that are open; few are."""

    reached: str
    size: int
    last: str
    strangers: list[int]
    claims: list[int]


def post_chunk(cycle: Cycle) -> CyclePart:
    """Post the next positions of ``cycle``, in the order of their party keys; the part, ended by the last of them.

    Raises InsufficientFunds and posts nothing of the chunk. The operator has its own entry only if fees were deferred into
    or out of the cycle; otherwise the participants' fees are booked against its revenue. All entries have the business time at which
    posting began.
    """
    MOVER_LOCK.acquire()
    part = part_of(cycle, StepPart.ENTRIES, count=NetPosition.objects.filter(cycle=cycle).count)
    chunk = _next_chunk(cycle, part.reached)
    ended = chunk.size < PARTICIPANTS_A_CHUNK
    if chunk.size:
        _post_participants(cycle, chunk, part)
    if ended:
        _post_operator(cycle, part)
    record_chunk(part, done=chunk.size, reached=chunk.last, ended=ended)
    return part


def _next_chunk(cycle: Cycle, reached: str) -> _Chunk:
    values: dict[str, Any] = {
        "cycle": cycle.pk,
        "currency": cycle.currency,
        "reached": reached,
        "limit": PARTICIPANTS_A_CHUNK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_IN_INDEX_ORDER)
        cursor.execute(_NEXT, values)
        return _Chunk(reached, *cursor.fetchone())


def _post_participants(cycle: Cycle, chunk: _Chunk, part: CyclePart) -> None:
    operator_id = operator_organisation().id
    if strangers := set(chunk.strangers) - {operator_id}:
        participant_accounts(strangers, cycle.currency)
    market = market_accounts(cycle.currency)
    post_planned(
        _PLANNED,
        {
            "cycle": cycle.pk,
            "reached": chunk.reached,
            "last": chunk.last,
            "operator": operator_id,
            "description": cycle.business_key,
            "public_ids": new_identifiers("jrn", chunk.size),
            "claims": list(lock_balances(chunk.claims)),
            **{str(kind): account for kind, account in market.items()},
        },
        currency=cycle.currency,
        purpose=cycle.business_key,
        booked_at=part.booked_at,
    )


def _post_operator(cycle: Cycle, part: CyclePart) -> None:
    """Post the operator's entry if fees were put off into or out of the cycle.

    Fees that are put off stay income, and are a receivable until collected. The participants' entries credit revenue with
    every fee of the cycle, those that earlier cycles put off included; so these are taken from revenue again, against the
    receivable. What is collected of a written-off fee lessens the loss.
    """
    position = NetPosition.objects.filter(cycle=cycle, organisation_id=operator_organisation().id).first()
    if position is None:
        return
    market = market_accounts(cycle.currency)
    revenue, receivable = market[AccountKind.FEE_REVENUE], market[AccountKind.FEES_RECEIVABLE]
    collected_minor, bad_minor = fees_put_off(cycle.pk)
    lines = [
        Line(LineKind.FEES_COLLECTED, revenue, receivable, collected_minor),
        Line(LineKind.AWAITED, receivable, market[AccountKind.SETTLEMENT], -position.deferred_minor),
        Line(LineKind.BAD_FEES_COLLECTED, receivable, market[AccountKind.WRITE_OFF], bad_minor),
    ]
    draft = Draft(
        kind=EntryKind.CYCLE,
        reference=f"cycle:{position.public_id}",
        lines=[line for line in lines if line.amount_minor],
        description=cycle.business_key,
        cycle_id=cycle.pk,
        organisation_id=position.organisation_id,
    )
    if draft.lines:
        post([draft], currency=cycle.currency, purpose=cycle.business_key, booked_at=part.booked_at)
