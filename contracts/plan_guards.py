"""The database guard of plans: what is executed is what the signed terms say."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .plan import VERSION

_SQL = Path(__file__).parent / "sql"


def departs(said: str) -> str:
    """Whether the plan of a signed object (JSON in SQL) says something else than its terms of what is executed.

    That is the window of access, the days of inspection, the price and when it is paid in; the charges are 1, 2, 3, ….
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
    OR (SELECT (array_agg((one.value ->> 'charge')::integer ORDER BY one.at), sum((one.value ->> 'price_minor')::numeric))
          IS DISTINCT FROM (ARRAY[1], ({said} #>> '{{terms,price_minor}}')::numeric)
          FROM jsonb_array_elements({said} #> '{{plan,money,charges}}') WITH ORDINALITY AS one(value, at)))"""  # noqa: S608  our own words


def plan_of_terms() -> pgtrigger.Trigger:
    """An instrument has a plan, and that says of what is executed what the terms say."""
    return pgtrigger.Trigger(
        name="plan_of_terms",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("said", "jsonb")],
        func=sql_body(_SQL / "plan_of_terms.sql", VERSION=VERSION, DEPARTS=departs("said")),
    )
