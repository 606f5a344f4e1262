"""Computes the fee rebates that payers get for their volume in a cycle. Reads only; deterministic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

from marketplace.rules import queries as rules
from marketplace.rules.tariffs import ChargedTrade, Tariff, tier_rebate_minor, tier_rebates

from ..cycles.errors import CycleFaulty
from ..cycles.models import Cycle

ROWS_AT_ONCE = 5_000

# A fee refund of the same cycle reduces the fee on which a rebate is computed.
_FEES = """
      FROM clearing_trade t
      JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'fee' AND o.cycle_id = %(cycle)s AND o.deferred_from_id IS NULL
      LEFT JOIN LATERAL (
            SELECT sum(r.amount_minor)::bigint AS returned_minor FROM clearing_obligation r
             WHERE r.trade_id = t.id AND r.kind = 'fee_refund' AND r.cycle_id = o.cycle_id
               AND r.creditor_id = o.debtor_id AND r.source IS DISTINCT FROM 'tier:' || t.public_id
      ) earlier ON true
     WHERE t.fee_tiered AND t.cycle_id = %(cycle)s AND o.debtor_id > %(after)s AND o.debtor_id <= %(until)s
"""
_CHARGED = "greatest(o.amount_minor - coalesce(earlier.returned_minor, 0), 0)"
_VOLUMES = f"""
    SELECT o.debtor_id, t.rulebook, t.tariff, sum(t.captured_price_minor)::bigint, sum({_CHARGED})::bigint
    {_FEES} GROUP BY 1, 2, 3
"""
_TRADES = f"""
    SELECT o.debtor_id, t.rulebook, t.tariff, t.captured_price_minor, {_CHARGED}, t.id, t.public_id, o.creditor_id,
           o.tax_rate_bp
    {_FEES} AND o.debtor_id = ANY(%(payers)s) ORDER BY o.debtor_id, t.business_key
"""


class Rebate(NamedTuple):
    """The rebate of the fee of one trade, without tax, to the payer of the fee."""

    trade_id: int
    trade: str
    payer_id: int
    operator_id: int
    amount_minor: int
    tax_rate_bp: int

    @property
    def source(self) -> str:
        """The ``source`` of the rebate's obligation, which makes it unique."""
        return f"tier:{self.trade}"


class Payers(NamedTuple):
    """Payers by their keys: those above ``after``, up to and with ``until``."""

    after: int = 0
    until: int = 2**63 - 1


EVERY_PAYER = Payers()


def fee_rebates(cycle: Cycle, payers: Payers = EVERY_PAYER) -> Iterator[Rebate]:
    """The rebates of a cycle, payer by payer, each payer's trades in the order of their business keys.

    The volume of a payer is the price without tax of its trades in the cycle under one published fee: the same code on
    the same terms, in any version of the rulebook. Without tiered fees this reads one short query. Raises CycleFaulty
    if a trade names a tiered fee that no rulebook states.
    """
    tariffs = rules.tiered_tariffs()
    if not tariffs:
        return
    found = _payers_past_a_band(cycle, tariffs, payers)
    if not found:
        return
    trades = _rows(_TRADES, cycle=cycle.pk, payers=found, **payers._asdict())
    for _, rows in groupby(trades, key=itemgetter(0)):
        by_tariff: dict[Tariff, list[tuple[Any, ...]]] = defaultdict(list)
        for row in rows:
            by_tariff[_terms(cycle, tariffs, row[1], row[2])].append(row)
        for tariff, charged in by_tariff.items():
            shares = tier_rebates(tariff.tiers, [ChargedTrade(row[3], row[4]) for row in charged])
            for row, share in zip(charged, shares, strict=True):
                if share:
                    yield Rebate(row[5], row[6], row[0], row[7], share, row[8])


def _payers_past_a_band(cycle: Cycle, tariffs: dict[tuple[str, str], Tariff], payers: Payers) -> list[int]:
    """Those of ``payers`` that get a rebate, found from sums alone: the trades of others are not read."""
    sums: dict[tuple[int, Tariff], list[int]] = defaultdict(lambda: [0, 0])
    for payer, rulebook, code, volume, charged in fee_volumes(cycle, payers):
        found = sums[(payer, _terms(cycle, tariffs, rulebook, code))]
        found[0] += volume
        found[1] += charged
    return sorted(
        {
            payer
            for (payer, tariff), (volume, charged) in sums.items()
            if tier_rebate_minor(tariff.tiers, volume_minor=volume, charged_minor=charged)
        }
    )


def fee_volumes(cycle: Cycle, payers: Payers = EVERY_PAYER) -> list[tuple[int, str, str, int, int]]:
    """Payer, rulebook, tariff, volume and the fee charged for it in a cycle, of each tariff with tiers."""
    with connection.cursor() as cursor:
        cursor.execute(_VOLUMES, {"cycle": cycle.pk, **payers._asdict()})
        return list(cursor.fetchall())


def _terms(cycle: Cycle, tariffs: dict[tuple[str, str], Tariff], rulebook: str, code: str) -> Tariff:
    """The fee by its terms, from any version of the rulebook that states it."""
    stated = tariffs.get((rulebook, code))
    if stated is None:
        raise CycleFaulty(cycle=cycle.business_key, faults=f"no tiers of {code} in {rulebook}")
    return replace(stated, rulebook=None)


def _rows(query: str, **parameters: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, in chunks."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from rows


def wrong_rebates() -> list[dict[str, Any]]:
    """Validated cycles whose rebates differ from the tiers: the cycle and the number of differences."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT o.cycle_id FROM clearing_trade t"
            " JOIN clearing_obligation o ON o.trade_id = t.id AND o.kind = 'fee' WHERE t.fee_tiered"
        )
        tiered = [row[0] for row in cursor.fetchall()]
    breaches = []
    for cycle in Cycle.objects.filter(pk__in=tiered, input_hash__isnull=False).order_by("pk"):
        wanted = {(rebate.source, rebate.payer_id, rebate.amount_minor) for rebate in fee_rebates(cycle)}
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT source, creditor_id, amount_minor FROM clearing_obligation"
                " WHERE cycle_id = %s AND kind = 'fee_refund' AND source LIKE 'tier:%%'",
                [cycle.pk],
            )
            made = set(cursor.fetchall())
        if wanted != made:
            breaches.append({"cycle": cycle.business_key, "differ": len(wanted ^ made)})
    return breaches
