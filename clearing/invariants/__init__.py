"""What always holds of clearing. Each breach names the rows that break it."""

from . import cycles, documents, ledger, settlement, trades

__all__ = ["cycles", "documents", "ledger", "settlement", "trades"]
