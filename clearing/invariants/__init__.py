"""What always holds of clearing. Each breach names the rows that break it."""

from . import cycles, ledger, periods, settlement, trades

__all__ = ["cycles", "ledger", "periods", "settlement", "trades"]
