"""What always holds of clearing. Each breach names the rows that break it."""

from . import cycles, fees, ledger, periods, settlement, shortfalls, trades

__all__ = ["cycles", "fees", "ledger", "periods", "settlement", "shortfalls", "trades"]
