"""Tables of clearing: charges, trades and obligations, cycles and positions, the ledger, settlement, bank and invoices."""

from .bank import BankAllocation, BankEntry, BankStatement
from .charging import ChargePlan, ChargeProgress, PlannedCharge, PlannedShare, UsageRecord
from .cycles import Cycle, CycleStep, NetPosition
from .invoices import Invoice
from .ledger import Account, Balance, Entry, Posting
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .trades import Obligation, Trade

__all__ = [
    "Account",
    "Balance",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ChargePlan",
    "ChargeProgress",
    "ClientAccount",
    "Cycle",
    "CycleStep",
    "Entry",
    "Invoice",
    "NetPosition",
    "Obligation",
    "PlannedCharge",
    "PlannedShare",
    "Posting",
    "SettlementInstruction",
    "Trade",
    "TransferFile",
    "UsageRecord",
]
