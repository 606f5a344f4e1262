"""Database guards of written-off fees and the relief of their tax."""

from __future__ import annotations

from pathlib import Path

import pgtrigger

from marketplace.kernel.guards import sql_body
from marketplace.kernel.money import BASIS_POINTS

_SQL = Path(__file__).parent / "sql"

TAX_CONTAINED = (
    f"div(w.amount_minor::numeric * t.captured_fee_tax_rate_bp, {BASIS_POINTS} + t.captured_fee_tax_rate_bp)"
)
"""The tax in the amount of write-off ``w`` of the fee of trade ``t``."""


def fee_written_off() -> pgtrigger.Trigger:
    """What is written off is a fee that was put off into a cycle that is not netted, in whole, of its payer."""
    return pgtrigger.Trigger(
        name="fee_written_off",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=sql_body(_SQL / "fee_written_off.sql"),
    )


def fee_write_off_posted() -> pgtrigger.Trigger:
    """A write-off is committed with its journal entry."""
    return pgtrigger.Trigger(
        name="fee_write_off_posted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "fee_write_off_posted.sql"),
    )


def tax_relieved() -> pgtrigger.Trigger:
    """The relieved tax is what the written-off amount contains, and is posted."""
    return pgtrigger.Trigger(
        name="tax_relieved",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=sql_body(_SQL / "tax_relieved.sql", TAX_CONTAINED=TAX_CONTAINED),
    )
