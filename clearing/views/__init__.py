"""Clearing over HTTP: trades, calendars, cycles, accounts, invoices, settlement and the bank."""

from .calendars import ClearingScheduleViewSet, ClosedDayViewSet, CutOffsView
from .cycles import CycleViewSet, PositionViewSet
from .ledger import (
    AccountViewSet,
    ClientMoneyView,
    DepositReferenceView,
    JournalView,
    StatementLineViewSet,
    TrialBalanceView,
)
from .settlement import (
    BankEntryViewSet,
    BankStatementViewSet,
    ClientAccountViewSet,
    SettlementInstructionViewSet,
    TransferFileViewSet,
)
from .trades import InvoiceViewSet, TradeViewSet, TradingNeutralityView

__all__ = [
    "AccountViewSet",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClearingScheduleViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "ClosedDayViewSet",
    "CutOffsView",
    "CycleViewSet",
    "DepositReferenceView",
    "InvoiceViewSet",
    "JournalView",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
