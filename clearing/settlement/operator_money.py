"""The operator's own money on the client account that nothing needs yet: one text of SQL, for guards and readings."""

from __future__ import annotations

from django.db import connection

from marketplace.kernel.guards import sql_list
from marketplace.kernel.money import BASIS_POINTS

from ..cycles.states import StepPart
from ..ledger.chart import OPERATOR_MONEY
from ..trades.states import ObligationKind

_FEE = ObligationKind.FEE.value
_REFUND = ObligationKind.FEE_REFUND.value

FREE = f"""(
    SELECT (coalesce((SELECT -sum(b.balance_minor) FROM public.clearing_account a
                        JOIN public.clearing_balance b ON b.account_id = a.id
                       WHERE a.organisation_id IS NULL AND a.currency = {{currency}}
                         AND a.kind IN ({sql_list(OPERATOR_MONEY)})), 0)
          - coalesce((SELECT sum(i.amount_minor) FROM public.clearing_settlementinstruction i
                        JOIN public.participants_organisation o ON o.id = i.organisation_id AND o.is_operator
                       WHERE i.currency = {{currency}} AND i.direction = 'out'
                         AND i.state IN ('planned', 'sending', 'unknown')), 0)
          - coalesce((SELECT sum(beyond.minor + ceil(beyond.minor * refunded.tax_rate_bp / {BASIS_POINTS}))
                        FROM (
                            SELECT r.trade_id, r.tax_rate_bp, sum(r.amount_minor) AS minor
                              FROM public.clearing_obligation r JOIN public.clearing_cycle c ON c.id = r.cycle_id
                             WHERE r.kind = '{_REFUND}' AND r.source NOT LIKE 'tier:%' AND r.currency = {{currency}}
                               AND c.posted_at IS NULL
                             GROUP BY 1, 2) refunded
                       CROSS JOIN LATERAL (
                            SELECT greatest(refunded.minor - coalesce((
                                SELECT sum(f.amount_minor) FROM public.clearing_obligation f
                                  JOIN public.clearing_cycle c ON c.id = f.cycle_id
                                 WHERE f.trade_id = refunded.trade_id AND f.kind = '{_FEE}' AND c.posted_at IS NULL), 0), 0)
                                AS minor) beyond), 0)
          - coalesce((SELECT -sum(n.deferred_minor) FROM public.clearing_cyclepart part
                        JOIN public.clearing_netposition n ON n.cycle_id = part.cycle_id
                        JOIN public.participants_organisation o ON o.id = n.organisation_id AND o.is_operator
                       WHERE part.part = '{StepPart.ENTRIES.value}' AND part.ended_at IS NULL
                         AND n.currency = {{currency}}), 0))::bigint)
"""  # noqa: S608  our own words
"""What the operator earned and paid in, less what it took out and bank fees; less its payments in progress; less the fees that
cycles have still to refund, as far as the same trades do not owe them in these cycles; less the fees that a cycle put off, of
which only some participants' entries are posted. Rebates lower fees of their own cycle."""


def free_operator_money(currency: str) -> int:
    """The operator's own money that nothing needs yet, in minor units; never negative in a sound database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + FREE.replace("%", "%%").format(currency="%(currency)s"), {"currency": currency}
        )
        return int(cursor.fetchone()[0])
