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
from .shortfalls import ClaimViewSet, DepositViewSet, ShortfallViewSet
from .trades import InvoiceViewSet, TradeViewSet, TradingNeutralityView

__all__ = [
    "AccountViewSet",
    "BalancesView",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClaimViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleReportViewSet",
    "CycleViewSet",
    "DepositReferenceView",
    "DepositViewSet",
    "InvoiceViewSet",
    "JournalEntryViewSet",
    "JournalView",
    "LedgerPeriodViewSet",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "ShortfallViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
