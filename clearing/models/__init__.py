"""Tables of clearing: trades and obligations, cycles and positions, the ledger, settlement, bank and invoices."""

from .approvals import Approval
from .bank import BankAllocation, BankEntry, BankStatement
from .cycles import Cycle, CycleStep, NetPosition
from .invoices import Invoice
from .ledger import Account, Balance, Entry, Posting
from .safeguarding import FundsRegime, SegregationCheck, StuckMoney
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .trades import Obligation, Trade

__all__ = [
    "Account",
    "Approval",
    "Balance",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ClientAccount",
    "Cycle",
    "CycleStep",
    "Entry",
    "FundsRegime",
    "Invoice",
    "NetPosition",
    "Obligation",
    "Posting",
    "SegregationCheck",
    "SettlementInstruction",
    "StuckMoney",
    "Trade",
    "TransferFile",
]
