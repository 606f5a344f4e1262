"""SQL for invoices that state another tax than their supplies have: for the database guard and for the invariant."""

from __future__ import annotations

_PUBLISHED = """
    SELECT DISTINCT (rate ->> 'rate_bp')::bigint FROM public.rules_rulebook r
     CROSS JOIN LATERAL jsonb_array_elements(r.document -> 'tax_rates') rate
"""


def wrongly_taxed(invoices: str) -> str:
    """SQL that selects ``number`` of those of ``invoices`` whose document does not state their amounts.

    Its rates are rates that a rulebook has published, or zero for what the law does not tax; its totals sum to the invoice; the invoice of an obligation states
    the obligation's amount, tax and rate.
    """
    return f"""
        SELECT i.number FROM {invoices} i
         CROSS JOIN LATERAL (
            SELECT sum((t ->> 'net_minor')::bigint) AS net_minor, sum((t ->> 'tax_minor')::bigint) AS tax_minor,
                   array_agg((t ->> 'tax_rate_bp')::bigint) AS rates
              FROM jsonb_array_elements(i.document -> 'totals') t) stated
         CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT (l ->> 'tax_rate_bp')::bigint) AS rates
              FROM jsonb_array_elements(i.document -> 'lines') l) listed
          LEFT JOIN public.clearing_obligation o ON o.id = i.obligation_id
         WHERE (stated.net_minor, stated.tax_minor, (i.document ->> 'total_minor')::bigint, i.document ->> 'currency')
               IS DISTINCT FROM (i.net_minor, i.tax_minor, i.total_minor, i.currency)
            OR NOT listed.rates <@ stated.rates OR NOT stated.rates <@ (ARRAY({_PUBLISHED}) || 0::bigint)
            OR o.id IS NOT NULL AND (o.amount_minor, o.tax_minor, ARRAY[o.tax_rate_bp::bigint], o.cycle_id)
               IS DISTINCT FROM (i.net_minor, i.tax_minor, stated.rates, i.cycle_id)
    """  # noqa: S608  our own words
