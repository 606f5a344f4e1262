"""Tables of clearing: trades and obligations, cycles and positions, the ledger, settlement, bank and invoices."""

from .bank import BankAllocation, BankEntry, BankStatement
from .cycles import Cycle, CycleStep, NetPosition
from .invoices import Invoice
from .ledger import Account, Balance, Entry, Posting
from .periods import LedgerPeriod
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .trades import Obligation, Trade

__all__ = [
    "Account",
    "Balance",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ClientAccount",
    "Cycle",
    "CycleStep",
    "Entry",
    "Invoice",
    "LedgerPeriod",
    "NetPosition",
    "Obligation",
    "Posting",
    "SettlementInstruction",
    "Trade",
    "TransferFile",
]
