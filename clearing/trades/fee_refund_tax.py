"""The tax of refunded fees: all refunds of the fees on one invoice sum to the tax of these fees.

The fees of a payer in one cycle, at one rate, are one invoice, whose tax is rounded once (Order, article 70-10). Their
refunds, in whatever cycles they are made, are one sum with a tax rounded once too: each refund has the tax of the sum with
it less that of the sum before it. Reads only.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from marketplace.kernel.money import share_of

_REFUNDED = """
    SELECT o.creditor_id, t.cycle_id, o.tax_rate_bp, sum(o.amount_minor)::bigint, sum(o.tax_minor)::bigint
      FROM clearing_obligation o JOIN clearing_trade t ON t.id = o.trade_id
     WHERE o.kind = 'fee_refund' AND o.creditor_id = ANY(%s) GROUP BY 1, 2, 3
"""


class FeeInvoice(NamedTuple):
    """The fees of one payer in one cycle at one rate: keys of payer and cycle, and the rate."""

    payer_id: int
    cycle_id: int
    tax_rate_bp: int


class RefundedFees:
    """What was refunded of the fees of some payers so far, without tax, and its tax.

    Exact while the caller holds ``FEE_REFUND_LOCK``.
    """

    def __init__(self, payers: Collection[int]) -> None:
        """``payers`` are keys of organisations. Reads their refunds in one query."""
        with connection.cursor() as cursor:
            cursor.execute(_REFUNDED, [sorted(set(payers))])
            rows = cursor.fetchall()
        self._earlier = {FeeInvoice(*row[:3]): (int(row[3]), int(row[4])) for row in rows}

    def add(self, fees: FeeInvoice, amount_minor: int) -> int:
        """The tax of a further refund, which counts from now on."""
        amount, tax = self._earlier.get(fees, (0, 0))
        further = share_of(amount + amount_minor, fees.tax_rate_bp) - tax
        self._earlier[fees] = amount + amount_minor, tax + further
        return further
