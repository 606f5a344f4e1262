"""The guard against trades while trading is halted. Public: tables of trades declare it beside their model."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body

from .locks import TRADING_LOCK

_SQL = Path(__file__).parent / "sql"


def not_halted(*, listing: str = "listing", segment: str = "segment") -> pgtrigger.Trigger:
    """No row is made in a listing or segment (columns of these names) that is halted.

    It shares the lock that a halt holds alone, so a row is committed before the halt, or refused.
    """
    return pgtrigger.Trigger(
        name="not_halted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(
            _SQL / "not_halted.sql",
            SHARE_TRADING_LOCK=TRADING_LOCK.acquire_shared_in_guard(),
            SEGMENT=segment,
            LISTING=listing,
        ),
    )
