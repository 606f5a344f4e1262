"""Tables of clearing: trades and obligations, cycles and positions, the ledger, settlement, bank and invoices."""

from .bank import BankAllocation, BankEntry, BankStatement
from .cycles import Cycle, CycleStep, NetPosition, ProofBlock
from .invoices import Invoice
from .ledger import Account, Balance, Entry, Posting
from .periods import LedgerPeriod
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .shortfalls import Deferral, Shortfall
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
    "Deferral",
    "Entry",
    "Invoice",
    "LedgerPeriod",
    "NetPosition",
    "Obligation",
    "Posting",
    "ProofBlock",
    "SettlementInstruction",
    "Shortfall",
    "Trade",
    "TransferFile",
]
