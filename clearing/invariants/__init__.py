"""What always holds of clearing. Each breach names the rows that break it."""

from . import (
    charging,
    cycles,
    documents,
    fees,
    ledger,
    of_cycle,
    periods,
    safeguarding,
    settlement,
    shortfalls,
    trades,
)

__all__ = [
    "charging",
    "cycles",
    "documents",
    "fees",
    "ledger",
    "of_cycle",
    "periods",
    "safeguarding",
    "settlement",
    "shortfalls",
    "trades",
]
