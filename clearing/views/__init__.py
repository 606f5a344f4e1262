"""Clearing over HTTP: trades, cycles, accounts, invoices, settlement and the bank."""

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
from .shortfalls import ClaimViewSet, DepositViewSet, ShortfallViewSet
from .trades import InvoiceViewSet, TradeViewSet, TradingNeutralityView

__all__ = [
    "AccountViewSet",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClaimViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleViewSet",
    "DepositReferenceView",
    "DepositViewSet",
    "InvoiceViewSet",
    "JournalView",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "ShortfallViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
