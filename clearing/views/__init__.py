"""Clearing over HTTP: trades, calendars, cycles, accounts, invoices, settlement and the bank."""

from .approvals import ApprovalViewSet
from .calendars import ClearingScheduleViewSet, ClosedDayViewSet, CutOffsView
from .cycles import CycleViewSet, PositionViewSet, VerificationScriptView
from .journal import BalancesView, JournalEntryViewSet, LedgerPeriodViewSet
from .ledger import (
    AccountViewSet,
    ClientMoneyView,
    DepositReferenceView,
    JournalView,
    StatementLineViewSet,
    TrialBalanceView,
)
from .reports import CycleReportViewSet
from .safeguarding import FundsRegimeViewSet, SegregationCheckViewSet
from .settlement import (
    BankEntryViewSet,
    BankStatementViewSet,
    ClientAccountViewSet,
    SettlementInstructionViewSet,
    TransferFileViewSet,
)
from .shortfalls import ClaimViewSet, DepositViewSet, ShortfallViewSet
from .trades import InvoiceViewSet, TradeViewSet, TradingNeutralityView

__all__ = [
    "AccountViewSet",
    "ApprovalViewSet",
    "BalancesView",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClaimViewSet",
    "ClearingScheduleViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "ClosedDayViewSet",
    "CutOffsView",
    "CycleReportViewSet",
    "CycleViewSet",
    "DepositReferenceView",
    "DepositViewSet",
    "FundsRegimeViewSet",
    "InvoiceViewSet",
    "JournalEntryViewSet",
    "JournalView",
    "LedgerPeriodViewSet",
    "PositionViewSet",
    "SegregationCheckViewSet",
    "SettlementInstructionViewSet",
    "ShortfallViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
    "VerificationScriptView",
]
