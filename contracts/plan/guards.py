"""The database guard of plans: what is executed is what the signed terms say."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from ..commissions.law import PAYMENT_DAYS
from . import VERSION

_SQL = Path(__file__).parent / "sql"


def commission_departs(said: str) -> str:
    """Whether the plan of a signed object (JSON in SQL) protects commissioned work otherwise than its terms found.

    It does exactly where a law applies, with 60 days and the shift that was agreed; no size that decides is left open."""
    found = f"{said} #> '{{terms,commission,findings}}'"
    return f"""(({said} #> '{{plan,commission}}' IS NOT NULL)
        IS DISTINCT FROM coalesce({found} @> '[{{"applies": true}}]', false)
    OR {said} #> '{{plan,commission}}' IS NOT NULL
       AND ({said} #>> '{{plan,commission,payment_days}}', {said} #>> '{{plan,commission,holiday_shift}}')
           IS DISTINCT FROM ('{PAYMENT_DAYS}', {said} #>> '{{terms,commission,holiday_shift}}'))"""


def departs(said: str) -> str:
    """Whether the plan of a signed object (JSON in SQL) says something else than its terms of what is executed.

    That is the window of access, the days of inspection, every charge with its day (they are 1, 2, 3, … and come to the price), and which
    limits of the rights are enforced at each access.
    """
    return f"""(
    ({said} #>> '{{plan,access,ends,valid_until}}', {said} #>> '{{plan,access,ends,duration}}',
     {said} #>> '{{plan,acceptance,inspection_days}}', {said} #>> '{{plan,money,price_minor}}',
     {said} #>> '{{plan,money,currency}}', {said} #>> '{{plan,money,tax_category}}',
     {said} #>> '{{plan,money,funding_days}}')
    IS DISTINCT FROM
    ({said} #>> '{{terms,rights,valid_until}}', {said} #>> '{{terms,rights,duration}}',
     {said} #>> '{{terms,inspection_days}}', {said} #>> '{{terms,price_minor}}',
     {said} #>> '{{terms,currency}}', {said} #>> '{{terms,tax_category}}', {said} #>> '{{terms,funding_days}}')
    OR ({said} #>> '{{plan,money,charging}}', {said} #>> '{{plan,money,period_months}}',
        {said} #>> '{{plan,money,first_period_from}}', {said} #>> '{{plan,money,unit_price_minor}}')
    IS DISTINCT FROM
       (coalesce({said} #>> '{{terms,charging,kind}}', 'one_off'), coalesce({said} #>> '{{terms,charging,period_months}}', '1'),
        {said} #>> '{{terms,charging,first_period_from}}', {said} #>> '{{terms,charging,unit_price_minor}}')
    OR {said} #> '{{plan,money,metering}}' IS DISTINCT FROM {said} #> '{{terms,charging,metering}}'
    OR {said} #> '{{plan,money,shares}}' IS DISTINCT FROM {said} #> '{{terms,charging,shares}}'
    OR {said} #> '{{plan,money,adjustments}}' IS DISTINCT FROM {said} #> '{{terms,charging,adjustments}}'
    OR {commission_departs(said)}
    OR {said} #> '{{plan,renewal}}' IS DISTINCT FROM {said} #> '{{terms,renewal}}'
    OR jsonb_array_length({said} #> '{{plan,money,charges}}')
       IS DISTINCT FROM coalesce(({said} #>> '{{terms,charging,charges}}')::integer, 1)
    OR (SELECT sum((listed.value ->> 'price_minor')::numeric)
          FROM jsonb_array_elements({said} #> '{{plan,money,charges}}') AS listed(value))
       IS DISTINCT FROM public.total_of_terms({said} -> 'terms')::numeric
    OR EXISTS (
        SELECT FROM jsonb_array_elements({said} #> '{{plan,money,charges}}') WITH ORDINALITY AS listed(value, at)
          CROSS JOIN LATERAL (
            SELECT ({said} #>> '{{plan,money,first_period_from}}')::date AS first_from,
                   (listed.at::integer - 1) * ({said} #>> '{{plan,money,period_months}}')::integer AS months) counted
         WHERE ((listed.value ->> 'charge')::integer, (listed.value ->> 'due_on')::date, (listed.value ->> 'months')::integer)
               IS DISTINCT FROM
               (listed.at::integer,
                CASE WHEN listed.at > 1 THEN (first_from + make_interval(months => counted.months))::date END,
                CASE WHEN first_from IS NULL THEN counted.months ELSE 0 END))
    OR {_kept_otherwise(said)})"""  # noqa: S608  our own words


_LIMITED = {
    "purposes": "NOT {rights} -> 'purposes' ? 'unrestricted'",
    "regions": "jsonb_array_length({rights} -> 'regions') > 0",
    "disclosure_scope": "{rights} ->> 'disclosure_scope' <> 'unrestricted'",
    "use_count_max": "{rights} ->> 'use_count_max' IS NOT NULL",
}
"""Whether rights have each limit that is judged at an access."""


def _kept_otherwise(said: str) -> str:
    """Whether the plan leaves to a promise what the market enforces at each access, or enforces what is not limited."""
    rights, enforced = f"({said} #> '{{terms,rights}}')", f"{said} #> '{{plan,rights,enforced}}'"
    return " OR ".join(
        f"({enforced} ? '{name}') IS DISTINCT FROM ({limited.format(rights=rights)})"
        for name, limited in _LIMITED.items()
    )


def plan_body() -> str:
    """The body of a guard on signed content: it has a plan, which says of what is executed what the terms say."""
    return sql_body(_SQL / "plan_of_terms.sql", VERSION=VERSION, DEPARTS=departs("said"))


def plan_of_terms() -> pgtrigger.Trigger:
    """An instrument has a plan, and that says of what is executed what the terms say."""
    return pgtrigger.Trigger(
        name="plan_of_terms",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb")],
        func=plan_body(),
    )
