"""The database guards of corrections that wait for their charge."""

from __future__ import annotations

import pgtrigger

OVERDUE = """(
    EXISTS (SELECT FROM public.clearing_trade t WHERE t.agreement = {row}.agreement AND t.charge = {row}.charge
               AND (t.charging <> 'metered' OR t.state IN ('accepted', 'refunded', 'failed')))
    OR NOT EXISTS (SELECT FROM public.clearing_trade t WHERE t.agreement = {row}.agreement AND t.charge = {row}.charge)
       AND EXISTS (SELECT FROM public.clearing_chargeprogress g JOIN public.clearing_chargeplan p ON p.id = g.plan_id
                    WHERE p.agreement = {row}.agreement AND g.ended_at IS NOT NULL))"""
"""Whether nothing is left to wait for of a correction (a row in SQL): its charge has a price, or never comes."""
MADE = "EXISTS (SELECT FROM public.clearing_obligation o WHERE o.source = {row}.source)"
PUT_OFF = "EXISTS (SELECT FROM public.clearing_putoffcorrection p WHERE p.source = {row}.source)"
VOID = (
    "EXISTS (SELECT FROM public.evidence_evidencerecord e WHERE e.kind = 'clearing.trade_adjustment_void'"
    " AND e.payload ->> 'adjustment' = {row}.source)"
)


def awaited_lawfully() -> pgtrigger.Trigger:
    """A correction waits for a charge of the plan that is to come, and was not made before."""
    return pgtrigger.Trigger(
        name="awaited_lawfully",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
IF NOT EXISTS (
    SELECT FROM public.clearing_chargeplan p JOIN public.clearing_plannedcharge c ON c.plan_id = p.id AND c.charge = NEW.charge
     WHERE p.agreement = NEW.agreement) OR {OVERDUE.format(row="NEW")} OR {MADE.format(row="NEW")} THEN
    RAISE EXCEPTION 'the correction % waits for no charge that is to come', NEW.source
        USING ERRCODE = 'check_violation', CONSTRAINT = 'awaited_lawfully';
END IF;
RETURN NEW;
""",
    )


def ended_as_recorded() -> pgtrigger.Trigger:
    """A correction waits no more once it was made, or was void on record."""
    return pgtrigger.Trigger(
        name="ended_as_recorded",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("ended_at"),
        func=f"""
IF NEW.ended_at IS NOT NULL AND OLD.ended_at IS NULL
   AND NOT ({MADE.format(row="NEW")} OR {PUT_OFF.format(row="NEW")} OR {VOID.format(row="NEW")}) THEN
    RAISE EXCEPTION 'the correction % was neither made nor void', NEW.source
        USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_as_recorded';
END IF;
RETURN NEW;
""",
    )
