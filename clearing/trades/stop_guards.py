"""The database guards of charges that stop: after the last day of access that ends early no period is charged."""

from __future__ import annotations

import pgtrigger

from contracts.ending.states import EndingGround
from marketplace.kernel.guards import sql_list


def after_failure(trade: str) -> str:
    """Whether a charge before a trade (a row in SQL) failed, and it is no instalment of an agreement that ended early, of which what was
    received is owed."""
    return f"""(EXISTS (
    SELECT FROM public.clearing_trade f WHERE f.agreement = {trade}.agreement AND f.charge < {trade}.charge AND f.state = 'failed')
   AND NOT ({trade}.charging = 'instalment' AND EXISTS (
    SELECT FROM public.contracts_agreement a
     WHERE a.public_id = {trade}.agreement AND a.state = 'terminated' AND a.termination_reason IN ({sql_list(EndingGround.values)}))))"""  # noqa: S608  our own words


def begun_before_the_end() -> pgtrigger.Trigger:
    """No trade of a charge is made that is due after the last day of access, nor after one that failed, unless it is owed all the same."""
    return pgtrigger.Trigger(
        name="begun_before_the_end",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__charge__gt=1),
        func=f"""
IF EXISTS (
    SELECT FROM public.clearing_chargeplan p
      JOIN public.clearing_chargeprogress g ON g.plan_id = p.id
      JOIN public.clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = NEW.charge
     WHERE p.agreement = NEW.agreement AND c.due_on > g.stops_after) THEN
    RAISE EXCEPTION 'charge % of % is due after the last day of access', NEW.charge, NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'begun_before_the_end';
END IF;
IF {after_failure("NEW")} THEN
    RAISE EXCEPTION 'charge % of % follows one that failed, and is not owed', NEW.charge, NEW.agreement
        USING ERRCODE = 'check_violation', CONSTRAINT = 'begun_before_the_end';
END IF;
RETURN NEW;
""",
    )


def stops_before_charges() -> pgtrigger.Trigger:
    """Charges stop after a day on which the last that was made was due, or later."""
    return pgtrigger.Trigger(
        name="stops_before_charges",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("stops_after"),
        condition=pgtrigger.Q(new__stops_after__isnull=False),
        func="""
IF EXISTS (
    SELECT FROM public.clearing_chargeplan p
      JOIN public.clearing_plannedcharge c ON c.plan_id = p.id AND c.charge > 1 AND c.due_on > NEW.stops_after
      JOIN public.clearing_trade t ON t.agreement = p.agreement AND t.charge = c.charge
     WHERE p.id = NEW.plan_id) THEN
    RAISE EXCEPTION 'charges stop after the day of the last that was made'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'stops_before_charges';
END IF;
RETURN NEW;
""",
    )
