"""The database guards of what was signed: clearing charges as the plan of the agreement says, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

_SQL = Path(__file__).parent / "sql"


def trade_departs(trade: str, plan: str) -> str:
    """Whether a trade (a row in SQL) says something else than the charge of its number in a signed plan (JSON in SQL)."""
    return f"""(
    ({trade}.charging, {trade}.price_minor, {trade}.currency, {trade}.tax_category, {trade}.inspection_days,
     {trade}.commissioned, {trade}.holiday_shift)
    IS DISTINCT FROM
    ({plan} #>> '{{money,charging}}',
     ({plan} #> '{{money,charges}}' -> ({trade}.charge - 1) ->> 'price_minor')::bigint,
     {plan} #>> '{{money,currency}}', {plan} #>> '{{money,tax_category}}',
     ({plan} #>> '{{acceptance,inspection_days}}')::integer,
     {plan} #> '{{commission}}' IS NOT NULL, coalesce(({plan} #>> '{{commission,holiday_shift}}')::boolean, false))
    OR {plan} #> '{{money,shares}}' IS NOT NULL
       AND NOT EXISTS (SELECT FROM public.clearing_chargeplan planned WHERE planned.agreement = {trade}.agreement))"""


def plan_departs(row: str, plan: str) -> str:
    """Whether a charge plan (a row in SQL) says something else than a signed plan (JSON in SQL)."""
    return f"""(
    ({row}.charging, {row}.charges, {row}.period_months, {row}.price_minor, {row}.currency, {row}.funding_days)
    IS DISTINCT FROM
    ({plan} #>> '{{money,charging}}', jsonb_array_length({plan} #> '{{money,charges}}'),
     ({plan} #>> '{{money,period_months}}')::integer, ({plan} #>> '{{money,price_minor}}')::bigint,
     {plan} #>> '{{money,currency}}', ({plan} #>> '{{money,funding_days}}')::integer))"""


def shares_depart(agreement: str, plan: str) -> str:
    """Whether the planned shares of an agreement (SQL) are others than those of its signed plan (JSON in SQL)."""
    return f"""(
    coalesce((SELECT jsonb_object_agg(share.value ->> 'organisation', (share.value ->> 'share_bp')::integer)
                FROM jsonb_array_elements(coalesce({plan} #> '{{money,shares}}', '[]'::jsonb)) AS share(value)), '{{}}'::jsonb)
    IS DISTINCT FROM
    coalesce((SELECT jsonb_object_agg(o.public_id, s.share_bp)
                FROM public.clearing_plannedshare s JOIN public.clearing_chargeplan p ON p.id = s.plan_id
                JOIN public.participants_organisation o ON o.id = s.organisation_id
               WHERE p.agreement = {agreement}), '{{}}'::jsonb))"""  # noqa: S608  our own words


def volume_departs(fired: str, trade: str) -> str:
    """Whether a clause about the volume of use (a row in SQL) read another price, or other uses, than its trade was charged."""
    return f"""({fired}.kind = 'volume' AND ({fired}.before_minor, ({fired}.inputs ->> 'value')::bigint) IS DISTINCT FROM (
        {trade}.captured_price_minor, (SELECT coalesce(sum(u.quantity - u.trial_quantity), 0)::bigint
          FROM public.clearing_usagerecord u JOIN public.clearing_plannedcharge c ON c.id = u.planned_id
          JOIN public.clearing_chargeplan p ON p.id = c.plan_id
         WHERE p.agreement = {trade}.agreement AND c.charge = {trade}.charge AND coalesce(u.refusal, 'beyond_ceiling') = 'beyond_ceiling')))"""  # noqa: S608  our own words


def clause_departs(obligation: str) -> str:
    """Whether a correction (a row in SQL) that a clause of an agreement caused is of another charge, by another debtor, of more, or of
    other use than was charged."""
    return f"""EXISTS (
    SELECT FROM public.contracts_adjustment d
      JOIN public.contracts_firedadjustment f ON f.adjustment_id = d.id
      JOIN public.contracts_agreement a ON a.id = d.agreement_id
      JOIN public.clearing_trade t ON t.id = {obligation}.trade_id
     WHERE d.public_id = {obligation}.source
       AND ((t.agreement, t.charge, {obligation}.debtor_id)
            IS DISTINCT FROM (a.public_id, d.charge, (CASE d.debtor WHEN 'seller' THEN a.seller_id ELSE a.buyer_id END))
            OR {obligation}.amount_minor > d.amount_minor OR {volume_departs("f", "t")}))"""  # noqa: S608  our own words


def adjusted_by_clause() -> pgtrigger.Trigger:
    """What a clause adjusted is corrected in the trade of its charge, by its debtor, no more than it says, and of what was used."""
    return pgtrigger.Trigger(
        name="adjusted_by_clause",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__kind="adjustment"),
        func=f"""
IF {clause_departs("NEW")} THEN
    RAISE EXCEPTION 'the correction % is another than its clause made', NEW.source
        USING ERRCODE = 'check_violation', CONSTRAINT = 'adjusted_by_clause';
END IF;
RETURN NULL;
""",
    )


def plan_shared_as_signed() -> pgtrigger.Trigger:
    """A charge plan of a signed agreement has the shares of its signed plan, once it is whole."""
    return pgtrigger.Trigger(
        name="shared_as_signed",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        declare=[("fault", "record")],
        func=_shared_as_signed("(SELECT NEW.agreement)"),
    )


def shares_as_signed() -> pgtrigger.Trigger:
    """The shares of a charge plan are those of the signed plan, all of them in one statement."""
    return pgtrigger.Trigger(
        name="shared_as_signed",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=_shared_as_signed(
            "(SELECT DISTINCT p.agreement FROM new_rows n JOIN public.clearing_chargeplan p ON p.id = n.plan_id)"
        ),
    )


def _shared_as_signed(planned: str) -> str:
    return sql_body(
        _SQL / "shared_as_signed.sql", PLANNED=planned, DEPARTS=shares_depart("a.public_id", "said.plan")
    )


def use_departs(use: str, plan: str, concluded_on: str) -> str:
    """Whether a recorded use of a period (a row in SQL) is priced otherwise than a signed plan (JSON in SQL) prices it.

    Uses are counted in the order in which they were recorded. ``concluded_on`` is the day of the conclusion in SQL."""
    metering, unit = f"({plan} #> '{{money,metering}}')", f"({plan} #>> '{{money,unit_price_minor}}')::bigint"
    return f"""({use}.currency = {plan} #>> '{{money,currency}}' AND EXISTS (
    SELECT FROM (
        SELECT coalesce(sum(v.quantity), 0) AS of_all,
               coalesce(sum(v.quantity - v.trial_quantity) FILTER (WHERE v.planned_id = {use}.planned_id), 0) AS of_period
          FROM public.clearing_usagerecord v
         WHERE v.agreement = {use}.agreement AND v.currency = {use}.currency AND v.planned_id IS NOT NULL AND v.id < {use}.id) earlier
     CROSS JOIN LATERAL (
        SELECT CASE
            WHEN coalesce(({metering} ->> 'trial_days')::integer, 0) > 0 THEN
                CASE WHEN ({use}.used_at AT TIME ZONE 'Asia/Tokyo')::date < {concluded_on} + ({metering} ->> 'trial_days')::integer
                     THEN {use}.quantity ELSE 0 END
            ELSE least({use}.quantity, greatest(coalesce(({metering} ->> 'trial_uses')::bigint, 0) - earlier.of_all, 0)) END AS uses) trial
     WHERE {use}.trial_quantity <> trial.uses OR {use}.amount_minor <>
           public.price_of_uses({unit}, {metering}, earlier.of_period + {use}.quantity - trial.uses)
           - public.price_of_uses({unit}, {metering}, earlier.of_period)))"""  # noqa: S608  our own words


def used_as_signed() -> pgtrigger.Trigger:
    """The recorded use of a signed agreement is priced as its plan says. The guard of the ceiling has locked its progress before."""
    return pgtrigger.Trigger(
        name="used_as_signed",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("fault", "record")],
        func=sql_body(
            _SQL / "used_as_signed.sql", DEPARTS=use_departs("n", "said.plan", "said.concluded_on")
        ),
    )


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
