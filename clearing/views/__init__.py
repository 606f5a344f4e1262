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
from .obligations import ObligationViewSet
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
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleViewSet",
    "DepositReferenceView",
    "InvoiceViewSet",
    "JournalView",
    "ObligationViewSet",
    "PositionViewSet",
    "SettlementInstructionViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
