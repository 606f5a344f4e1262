"""Tables of clearing: trades and obligations, cycles and positions, the ledger, settlement, bank, invoices and statements."""

from .bank import BankAllocation, BankEntry, BankStatement
from .cycles import Cycle, CycleStep, NetPosition
from .invoices import IntermediaryNotice, Invoice
from .ledger import Account, Balance, Entry, Posting
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .statements import MonthlyStatement, StatementMonth
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
    "IntermediaryNotice",
    "Invoice",
    "MonthlyStatement",
    "NetPosition",
    "Obligation",
    "Posting",
    "SettlementInstruction",
    "StatementMonth",
    "Trade",
    "TransferFile",
]
