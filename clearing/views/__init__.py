"""Clearing over HTTP: trades, calendars, cycles, accounts, invoices, settlement and the bank."""

from .approvals import ApprovalViewSet
from .calendars import ClearingScheduleViewSet, ClosedDayViewSet, CutOffsView
from .cycles import CycleViewSet, PositionViewSet, VerificationScriptView
from .expected import ExpectedPaymentsView
from .invoices import IntermediaryNoticeViewSet, InvoiceViewSet
from .journal import BalancesView, JournalEntryViewSet, LedgerPeriodViewSet
from .ledger import (
    AccountViewSet,
    ClientMoneyView,
    DepositReferenceView,
    JournalView,
    StatementLineViewSet,
    TrialBalanceView,
)
from .obligations import ObligationViewSet
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
from .statements import MonthlyStatementViewSet
from .trades import TradeViewSet, TradingNeutralityView

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
    "ExpectedPaymentsView",
    "FundsRegimeViewSet",
    "IntermediaryNoticeViewSet",
    "InvoiceViewSet",
    "JournalEntryViewSet",
    "JournalView",
    "LedgerPeriodViewSet",
    "MonthlyStatementViewSet",
    "ObligationViewSet",
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
