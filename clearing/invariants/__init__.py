"""What always holds of clearing. Each breach names the rows that break it."""

from . import charging, cycles, ledger, settlement, trades

__all__ = ["charging", "cycles", "ledger", "settlement", "trades"]
