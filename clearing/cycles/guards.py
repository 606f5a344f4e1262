"""Database guards of cycles."""

from __future__ import annotations

import pgtrigger


def numbers_without_gap() -> pgtrigger.Trigger:
    """The cycle before a new one, in its currency, exists: numbers run 1, 2, 3, …"""
    return pgtrigger.Trigger(
        name="numbers_without_gap",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NEW.number <> 1 AND NOT EXISTS (
                SELECT FROM clearing_cycle WHERE currency = NEW.currency AND number = NEW.number - 1
            ) THEN
                RAISE EXCEPTION 'cycle % of % would leave a gap', NEW.number, NEW.currency
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def paused_cycle_keeps_its_state() -> pgtrigger.Trigger:
    """A cycle that the operator holds stays in its state until it is released."""
    return pgtrigger.Trigger(
        name="paused_cycle_keeps_its_state",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
            IF OLD.paused_since IS NOT NULL AND NEW.state <> OLD.state THEN
                RAISE EXCEPTION 'cycle % is on hold and stays %', OLD.business_key, OLD.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def cut_off_when_closed() -> pgtrigger.Trigger:
    """The cut-off that a cycle is closed for is recorded when it is closed, and at no other moment."""
    return pgtrigger.Trigger(
        name="cut_off_when_closed",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
            IF NEW.cut_off_at IS DISTINCT FROM OLD.cut_off_at AND NOT (OLD.state = 'open' AND NEW.state = 'closing')
            THEN
                RAISE EXCEPTION 'the cut-off of cycle % is recorded when it is closed', OLD.business_key
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def under_a_regime() -> pgtrigger.Trigger:
    """Clearing in a currency begins only where a funds regime is in force; declarations are never taken back."""
    return pgtrigger.Trigger(
        name="under_a_regime",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF NEW.number = 1 AND NOT EXISTS (
                SELECT FROM clearing_fundsregime
                 WHERE currency = NEW.currency AND effective_from <= NEW.opened_at
            ) THEN
                RAISE EXCEPTION 'no funds regime is in force for %', NEW.currency
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
