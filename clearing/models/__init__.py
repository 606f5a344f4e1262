"""Tables of clearing: trades, obligations, calendars, cycles, the ledger, settlement, bank, invoices and statements."""

from .alarms import CycleAlarm
from .approvals import Approval
from .bank import BankAllocation, BankEntry, BankStatement
from .calendars import ClearingSchedule, ClosedDay
from .charging import ChargePlan, ChargeProgress, PlannedCharge, PlannedShare, UsageRecord
from .cycles import Cycle, CycleStep, NetPosition, ProofBlock
from .invoices import IntermediaryNotice, Invoice
from .ledger import Account, Balance, Entry, Posting
from .periods import LedgerPeriod
from .safeguarding import FundsRegime, SegregationCheck, StuckMoney
from .settlement import ClientAccount, SettlementInstruction, TransferFile
from .shortfalls import Deferral, Shortfall
from .statements import MonthlyStatement, StatementMonth
from .trades import Obligation, Trade

__all__ = [
    "Account",
    "Approval",
    "Balance",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ChargePlan",
    "ChargeProgress",
    "ClearingSchedule",
    "ClientAccount",
    "ClosedDay",
    "Cycle",
    "CycleAlarm",
    "CycleStep",
    "Deferral",
    "Entry",
    "FundsRegime",
    "IntermediaryNotice",
    "Invoice",
    "LedgerPeriod",
    "MonthlyStatement",
    "NetPosition",
    "Obligation",
    "PlannedCharge",
    "PlannedShare",
    "Posting",
    "ProofBlock",
    "SegregationCheck",
    "SettlementInstruction",
    "Shortfall",
    "StatementMonth",
    "StuckMoney",
    "Trade",
    "TransferFile",
    "UsageRecord",
]
