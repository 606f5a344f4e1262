"""Tables of clearing: trades and obligations, calendars, cycles and positions, the ledger, settlement, bank and invoices."""

from .alarms import CycleAlarm
from .approvals import Approval
from .bank import BankAllocation, BankEntry, BankStatement
from .calendars import ClearingSchedule, ClosedDay
from .cycles import Cycle, CycleStep, NetPosition, ProofBlock
from .invoices import Invoice
from .ledger import Account, Balance, Entry, Posting
from .periods import LedgerPeriod
from .safeguarding import FundsRegime, SegregationCheck, StuckMoney
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .shortfalls import Deferral, Shortfall
from .trades import Obligation, Trade

__all__ = [
    "Account",
    "Approval",
    "Balance",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ClearingSchedule",
    "ClientAccount",
    "ClosedDay",
    "Cycle",
    "CycleAlarm",
    "CycleStep",
    "Deferral",
    "Entry",
    "FundsRegime",
    "Invoice",
    "LedgerPeriod",
    "NetPosition",
    "Obligation",
    "Posting",
    "ProofBlock",
    "SegregationCheck",
    "SettlementInstruction",
    "Shortfall",
    "StuckMoney",
    "Trade",
    "TransferFile",
]
