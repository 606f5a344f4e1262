"""The database guards of clauses that fire: what one did follows the clause that was signed, and its inputs."""

from __future__ import annotations

from pathlib import Path

import pgtrigger
from django.db.models import BooleanField, Func, Q

from listings.adjusting_terms import LATE
from marketplace.kernel.guards import sql_body
from marketplace.kernel.money import BASIS_POINTS

from ..states import CLAUSE_REASON
from .locks import INDEX_LOCK

_SQL = Path(__file__).parent / "sql"
_INDEX_READ = (
    "(SELECT x.index FROM public.contracts_indexvalue x WHERE x.public_id = NEW.inputs ->> 'index_value')"
)
_CURRENTNESS = (
    f"div({BASIS_POINTS}.0 * greatest(2 * l.update_interval_days - greatest(l.update_interval_days, floor(extract(epoch FROM"
    " greatest(({row}.inputs ->> 'on')::date::timestamp AT TIME ZONE 'Asia/Tokyo', a.concluded_at) - v.created_at) / 86400)), 0),"
    " l.update_interval_days)"
)
"""What ``quality.measures.currentness`` is of a version, in basis points, when a charge begins."""


def has_clauses(content: str) -> Q:
    """The condition on a column with a signed object: its plan has adjustment clauses."""
    said = "(%(expressions)s::jsonb #> '{plan,money,adjustments}' IS NOT NULL)"
    return Q(Func(content, template=said, output_field=BooleanField()))


def fired_departs(row: str) -> str:
    """Whether what a clause did (a row in SQL) is not what the signed clause makes of its inputs, or was adjusted otherwise.

    Of several clauses at the beginning of a charge, each begins with what the one before left; the first with the charge's price. What an
    index or the quality was is read anew as of the day on which the charge begins; what was used, clearing compares."""
    return f"(CASE WHEN {row}.kind = '{LATE}' THEN {_late_departs(row)} ELSE {_departs(row)} END)"


_READ = """EXISTS (
            SELECT FROM public.contracts_indexvalue x WHERE x.public_id = {row}.inputs ->> 'index_value'
               AND x.index = signed.clause ->> 'index' AND x.value_milli = ({row}.inputs ->> 'value')::bigint
               AND x.as_of <= ({row}.inputs ->> 'on')::date
               AND NOT EXISTS (SELECT FROM public.contracts_indexvalue later WHERE later.index = x.index AND later.as_of > x.as_of
                                  AND later.as_of <= ({row}.inputs ->> 'on')::date AND later.entered_at < {row}.fired_at))"""
"""Whether what was read of an index is its latest value as of the day that is stated, of those that were entered."""
_BEGUN_ON = """(
            SELECT greatest(coalesce((begun.charge ->> 'due_on')::date,
                                     (said.concluded_on + make_interval(months => (begun.charge ->> 'months')::integer))::date), said.concluded_on)
              FROM (SELECT said.money #> '{{charges}}' -> ({row}.charge - 1) AS charge) begun)"""


def _late_departs(row: str) -> str:
    """Whether what a late value of an index settled is not what the clauses make of the charge now, beyond what they made of it before."""
    return f"""NOT EXISTS (
    SELECT FROM public.contracts_agreement a
      JOIN public.contracts_instrument i ON i.id = a.instrument_id
      JOIN public.contracts_adjustment d ON d.id = {row}.adjustment_id AND d.agreement_id = a.id
     CROSS JOIN LATERAL (SELECT i.content::jsonb #> '{{plan,money}}' AS money,
                                (a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date AS concluded_on) said
     CROSS JOIN LATERAL (SELECT (said.money #> '{{charges}}' -> ({row}.charge - 1) ->> 'price_minor')::bigint AS planned,
                                jsonb_array_length(said.money -> 'charges') AS charges) charged
     CROSS JOIN LATERAL (SELECT listed.value FROM jsonb_array_elements(said.money -> 'adjustments') AS listed(value)
                          WHERE listed.value ->> 'kind' = 'index') AS signed(clause)
      LEFT JOIN LATERAL (SELECT listed.value FROM jsonb_array_elements(said.money -> 'adjustments') AS listed(value)
                          WHERE listed.value ->> 'kind' = 'quality') AS quality(clause) ON true
      LEFT JOIN public.contracts_firedadjustment indexed ON indexed.agreement_id = a.id AND indexed.charge = {row}.charge AND indexed.kind = 'index'
      LEFT JOIN public.contracts_firedadjustment q ON q.agreement_id = a.id AND q.charge = {row}.charge AND q.kind = 'quality'
     WHERE a.id = {row}.agreement_id AND {row}.after_minor <> {row}.before_minor
       AND {row}.before_minor = coalesce(q.after_minor, indexed.after_minor, charged.planned)
       AND {row}.after_minor = (CASE WHEN q.id IS NULL THEN public.adjusted_price(signed.clause, charged.planned, ({row}.inputs ->> 'value')::bigint)
            ELSE public.adjusted_price(quality.clause, public.adjusted_price(signed.clause, charged.planned, ({row}.inputs ->> 'value')::bigint),
                                       (q.inputs ->> 'value')::bigint) END)
       AND (d.amount_minor, d.debtor, d.reason_code, d.currency, d.charge::integer)
           = (abs({row}.after_minor - {row}.before_minor), (CASE WHEN {row}.after_minor < {row}.before_minor THEN 'seller' ELSE 'buyer' END),
              '{CLAUSE_REASON}{LATE}', said.money ->> 'currency', least({row}.charge + 1, charged.charges)::integer)
       AND ({row}.inputs ->> 'on')::date = {_BEGUN_ON.format(row=row)} AND {_READ.format(row=row)}
       AND (SELECT x.entered_at FROM public.contracts_indexvalue x WHERE x.public_id = {row}.inputs ->> 'index_value')
           > greatest(({row}.inputs ->> 'on')::date::timestamp AT TIME ZONE 'Asia/Tokyo', a.concluded_at))"""  # noqa: S608  our own words


def _departs(row: str) -> str:
    return f"""NOT EXISTS (
    SELECT FROM public.contracts_agreement a
      JOIN public.contracts_instrument i ON i.id = a.instrument_id
      JOIN public.contracts_adjustment d ON d.id = {row}.adjustment_id AND d.agreement_id = a.id
     CROSS JOIN LATERAL (SELECT i.content::jsonb #> '{{plan,money}}' AS money,
                                (a.concluded_at AT TIME ZONE 'Asia/Tokyo')::date AS concluded_on) said
     CROSS JOIN LATERAL (SELECT listed.value FROM jsonb_array_elements(said.money -> 'adjustments') AS listed(value)
                          WHERE listed.value ->> 'kind' = {row}.kind) AS signed(clause)
     WHERE a.id = {row}.agreement_id
       AND {row}.after_minor <> {row}.before_minor
       AND {row}.after_minor = public.adjusted_price(signed.clause, {row}.before_minor, ({row}.inputs ->> 'value')::bigint)
       AND (d.amount_minor, d.debtor, d.reason_code, d.currency, d.charge)
           = (abs({row}.after_minor - {row}.before_minor), (CASE WHEN {row}.after_minor < {row}.before_minor THEN 'seller' ELSE 'buyer' END),
              '{CLAUSE_REASON}' || {row}.kind, said.money ->> 'currency', {row}.charge)
       AND ({row}.kind = 'volume' OR {row}.before_minor = coalesce(
            (SELECT e.after_minor FROM public.contracts_firedadjustment e
              WHERE e.agreement_id = a.id AND e.charge = {row}.charge AND e.kind <> '{LATE}' AND e.id < {row}.id ORDER BY e.id DESC LIMIT 1),
            (said.money #> '{{charges}}' -> ({row}.charge - 1) ->> 'price_minor')::bigint))
       AND ({row}.kind = 'volume' OR ({row}.inputs ->> 'on')::date = {_BEGUN_ON.format(row=row)})
       AND ({row}.kind <> 'quality' OR EXISTS (
            SELECT FROM public.listings_listingversion v JOIN public.listings_listing l ON l.id = v.listing_id
             WHERE v.public_id = a.listing_version AND a.listing_version = {row}.inputs ->> 'listing_version'
               AND ({row}.inputs ->> 'value')::bigint = {_CURRENTNESS.format(row=row)}))
       AND ({row}.kind <> 'index' OR {_READ.format(row=row)}))"""  # noqa: S608  our own words


def fired_as_signed() -> pgtrigger.Trigger:
    """What a clause did is what the signed clause makes of its inputs, and its adjustment is of that amount."""
    return pgtrigger.Trigger(
        name="fired_as_signed",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "fired_as_signed.sql",
            DEPARTS=fired_departs("NEW"),
            INDEX_LOCK=INDEX_LOCK.share_for_in_guard(_INDEX_READ),
        ),
    )


def entered_before_read() -> pgtrigger.Trigger:
    """A value of an index is entered before what reads it next, so that a clause that fired has read the latest at its moment."""
    return pgtrigger.Trigger(
        name="entered_before_read",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "entered_before_read.sql", INDEX_LOCK=INDEX_LOCK.acquire_for_in_guard("NEW.index")
        ),
    )


def fired_by_clause() -> pgtrigger.Trigger:
    """An adjustment with the reason of a clause has the record of what the clause did, by the end of its transaction."""
    return pgtrigger.Trigger(
        name="fired_by_clause",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
IF starts_with(NEW.reason_code, '{CLAUSE_REASON}') AND NOT EXISTS (
    SELECT FROM public.contracts_firedadjustment f WHERE f.adjustment_id = NEW.id) THEN
    RAISE EXCEPTION '% is of no clause that fired', NEW.public_id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'fired_by_clause';
END IF;
RETURN NULL;
""",
    )
