"""The database guards of what was signed: clearing charges as the plan of the agreement says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def trade_departs(trade: str, plan: str) -> str:
    """Whether a trade (a row in SQL) says something else than the charge of its number in a signed plan (JSON in SQL)."""
    return f"""(
    ({trade}.charging, {trade}.price_minor, {trade}.currency, {trade}.tax_category, {trade}.inspection_days)
    IS DISTINCT FROM
    ({plan} #>> '{{money,charging}}',
     ({plan} #> '{{money,charges}}' -> ({trade}.charge - 1) ->> 'price_minor')::bigint,
     {plan} #>> '{{money,currency}}', {plan} #>> '{{money,tax_category}}',
     ({plan} #>> '{{acceptance,inspection_days}}')::integer))"""


def plan_departs(row: str, plan: str) -> str:
    """Whether a charge plan (a row in SQL) says something else than a signed plan (JSON in SQL)."""
    return f"""(
    ({row}.charging, {row}.charges, {row}.period_months, {row}.price_minor, {row}.currency, {row}.funding_days)
    IS DISTINCT FROM
    ({plan} #>> '{{money,charging}}', jsonb_array_length({plan} #> '{{money,charges}}'),
     ({plan} #>> '{{money,period_months}}')::integer, ({plan} #>> '{{money,price_minor}}')::bigint,
     {plan} #>> '{{money,currency}}', ({plan} #>> '{{money,funding_days}}')::integer))"""


def _charged_as_signed(departs: str, charge: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="charged_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("signed", "record")],
        func=sql_body(_SQL / "charged_as_signed.sql", DEPARTS=departs, CHARGE=charge),
    )


def trade_as_signed() -> pgtrigger.Trigger:
    """A trade of a signed agreement is a charge of its plan, at its price."""
    return _charged_as_signed(trade_departs("NEW", "signed.plan"), "NEW.charge::integer")


def plan_as_signed() -> pgtrigger.Trigger:
    """The charge plan of a signed agreement has the charges, periods and price of its plan."""
    return _charged_as_signed(plan_departs("NEW", "signed.plan"), "1")


def amended_as_signed() -> pgtrigger.Trigger:
    """Coming charges change as a version of the agreement says, and none that is a trade."""
    return pgtrigger.Trigger(
        name="amended_as_signed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("signed", "record")],
        func=sql_body(_SQL / "amended_as_signed.sql"),
    )
