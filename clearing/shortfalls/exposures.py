"""Reads the unsecured obligations that a shortfall can affect, and clears them by ``clearing_vector``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from marketplace.kernel.money import allocate, share_of

from ..netting.positions import Position
from ..trades.obligation_kinds import UNSECURED_BETWEEN_PARTICIPANTS
from ..trades.states import ObligationKind
from .clearing_vector import Owed, settle, tax_within
from .own_money import OwnMoney, lendable_minor

_OWED_BY = """
    SELECT o.id, o.kind, o.debtor_id, o.creditor_id, o.amount_minor, o.tax_minor, o.tax_rate_bp,
           t.business_key || E'\\n' || concat_ws('|',
               CASE o.debtor_id WHEN t.buyer_id THEN t.buyer_key ELSE t.seller_key END,
               CASE o.creditor_id WHEN t.buyer_id THEN t.buyer_key WHEN t.seller_id THEN t.seller_key
                    ELSE coalesce(o.beneficiary_key, 'operator') END,
               o.amount_minor, o.tax_minor, o.tax_rate_bp)
      FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
     WHERE o.cycle_id = %(cycle)s AND o.debtor_id = ANY(%(debtors)s) AND o.kind = ANY(%(kinds)s)
       AND o.amount_minor > 0
"""


class Unsecured(NamedTuple):
    """An obligation without money on hold; the bytes of ``key`` order it among its kind."""

    id: int
    kind: str
    debtor_id: int
    creditor_id: int
    amount_minor: int
    tax_minor: int
    tax_rate_bp: int
    key: str

    @property
    def gross_minor(self) -> int:
        """The amount with its tax."""
        return self.amount_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Deferred:
    """The unsettled part of an obligation: an amount without tax, and its tax."""

    obligation: Unsecured
    amount_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """The amount with its tax."""
        return self.amount_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class ShortfallOutcome:
    """The deferrals, and the loans of the reserve by database key of the debtor."""

    deferred: list[Deferred] = field(default_factory=list)
    lent_minor: dict[int, int] = field(default_factory=dict)


def resolve_shortfalls(
    *,
    cycle_id: int,
    currency: str,
    positions: Mapping[int, Position],
    money: OwnMoney,
    short: Iterable[int],
    operator_id: int,
) -> ShortfallOutcome:
    """The deferrals and loans of a cycle in which the parties ``short`` lack money.

    Reads only the obligations of these parties and of parties that might lack money because of them. The operator is
    never short: it pays its own refunds with its own money.
    """
    exposed, rows = _exposed(cycle_id, positions, money, set(short), operator_id)
    owed = [Owed(row.kind, row.key.encode(), row.debtor_id, row.creditor_id, row.gross_minor) for row in rows]
    fees = {key: -positions[key].fees_minor - positions[key].fee_tax_minor for key in exposed}
    debtors_of_fees = [key for key in exposed if fees[key]]
    owed += [Owed(ObligationKind.FEE, b"", key, operator_id, fees[key]) for key in debtors_of_fees]
    means = {key: money.of(key).own_minor + positions[key].unsecured_minor for key in exposed}
    for row in owed:
        means[row.debtor] += row.amount_minor
        if row.creditor in means:
            means[row.creditor] -= row.amount_minor
    outcome = settle(means=means, owed=owed, reserve_minor=lendable_minor(currency))
    paid = outcome.paid_minor[: len(rows)]
    deferred = [
        _deferred_part(row, minor) for row, minor in zip(rows, paid, strict=True) if minor < row.gross_minor
    ]
    fees_paid = dict(zip(debtors_of_fees, outcome.paid_minor[len(rows) :], strict=True))
    deferred += _deferred_fees(cycle_id, fees, fees_paid)
    return ShortfallOutcome(deferred, outcome.reserve_minor)


def _exposed(
    cycle_id: int,
    positions: Mapping[int, Position],
    money: OwnMoney,
    short: set[int],
    operator_id: int,
) -> tuple[list[int], list[Unsecured]]:
    """Parties that are short, or would be if no other party here paid; and their obligations."""
    exposed, newly = set(short), set(short)
    rows: list[Unsecured] = []
    at_risk: dict[int, int] = defaultdict(int)
    while newly:
        found = _owed_by(cycle_id, newly, UNSECURED_BETWEEN_PARTICIPANTS)
        rows += found
        for row in found:
            at_risk[row.creditor_id] += row.gross_minor
        doubtful = [
            key
            for key, loss in at_risk.items()
            if key not in exposed and key != operator_id and positions[key].unsecured_minor < loss
        ]
        money.lock(doubtful)
        newly = {
            key for key in doubtful if positions[key].unsecured_minor + money.of(key).own_minor < at_risk[key]
        }
        exposed |= newly
    return sorted(exposed), rows


def _owed_by(cycle_id: int, debtors: Iterable[int], kinds: Iterable[str]) -> list[Unsecured]:
    with connection.cursor() as cursor:
        cursor.execute(
            _OWED_BY,
            {"cycle": cycle_id, "debtors": sorted(debtors), "kinds": [str(kind) for kind in kinds]},
        )
        return [Unsecured(*row) for row in cursor.fetchall()]


def _deferred_part(row: Unsecured, paid_minor: int) -> Deferred:
    still_open = row.gross_minor - paid_minor
    tax = tax_within(still_open, amount_minor=row.amount_minor, tax_minor=row.tax_minor)
    return Deferred(row, still_open - tax, tax)


def _deferred_fees(cycle_id: int, fees: Mapping[int, int], paid: Mapping[int, int]) -> list[Deferred]:
    """The deferred fees: a participant's fees are paid one after another by the bytes of their keys.

    The tax on fees is one sum per rate and participant, allocated to the fees by largest remainder.
    """
    lacking = [key for key, minor in paid.items() if minor < fees[key]]
    if not lacking:
        return []
    by_debtor: dict[int, list[Unsecured]] = {key: [] for key in lacking}
    for row in sorted(_owed_by(cycle_id, lacking, [ObligationKind.FEE]), key=lambda row: row.key.encode()):
        by_debtor[row.debtor_id].append(row)
    found = []
    for key, rows in by_debtor.items():
        left = paid[key]
        for row in _with_tax(rows):
            settled = min(left, row.gross_minor)
            left -= settled
            if settled < row.gross_minor:
                found.append(_deferred_part(row, settled))
    return found


def _with_tax(rows: list[Unsecured]) -> list[Unsecured]:
    """The fees of one participant in order, each with its part of the tax of its rate."""
    tax: dict[int, int] = {}
    for rate in {row.tax_rate_bp for row in rows}:
        alike = [row for row in rows if row.tax_rate_bp == rate]
        amounts = [row.amount_minor for row in alike]
        parts = allocate(share_of(sum(amounts), rate), amounts)
        tax |= {row.id: part for row, part in zip(alike, parts, strict=True)}
    return [row._replace(tax_minor=tax[row.id]) for row in rows]
