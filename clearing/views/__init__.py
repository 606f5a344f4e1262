"""Clearing over HTTP: trades, cycles, accounts, invoices, settlement and the bank."""

from .cycles import CycleViewSet, PositionViewSet
from .expected import ExpectedPaymentsView
from .invoices import IntermediaryNoticeViewSet, InvoiceViewSet
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
from .statements import MonthlyStatementViewSet
from .trades import TradeViewSet, TradingNeutralityView

__all__ = [
    "AccountViewSet",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleViewSet",
    "DepositReferenceView",
    "ExpectedPaymentsView",
    "IntermediaryNoticeViewSet",
    "InvoiceViewSet",
    "JournalView",
    "MonthlyStatementViewSet",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
