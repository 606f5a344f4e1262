"""What always holds of clearing. Each breach names the rows that break it."""

from . import cycles, ledger, of_cycle, settlement, trades

__all__ = ["cycles", "ledger", "of_cycle", "settlement", "trades"]
