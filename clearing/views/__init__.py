"""Clearing over HTTP: trades, cycles, accounts, invoices, settlement and the bank."""

from .cycles import CycleViewSet, PositionViewSet
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
    "BalancesView",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleReportViewSet",
    "CycleViewSet",
    "DepositReferenceView",
    "InvoiceViewSet",
    "JournalEntryViewSet",
    "JournalView",
    "LedgerPeriodViewSet",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
