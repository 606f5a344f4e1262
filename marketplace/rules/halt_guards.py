"""The guard against trades while trading is halted. Public: tables of trades declare it beside their model."""

from __future__ import annotations

import pgtrigger

from .locks import TRADING_LOCK


def not_halted(*, listing: str = "listing", segment: str = "segment") -> pgtrigger.Trigger:
    """No row is made in a listing or segment (columns of these names) that is halted.

    It shares the lock that a halt holds alone, so a row is committed before the halt, or refused.
    """
    return pgtrigger.Trigger(
        name="not_halted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
            {TRADING_LOCK.acquire_shared_in_guard()}
            IF EXISTS (
                SELECT FROM rules_halt WHERE lifted_at IS NULL AND (
                    scope = 'market' OR scope = 'segment' AND subject = NEW.{segment}
                    OR scope = 'listing' AND subject = NEW.{listing})
            ) THEN
                RAISE EXCEPTION '%: trading is halted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )
