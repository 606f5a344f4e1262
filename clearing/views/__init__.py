"""Clearing over HTTP: trades, cycles, accounts, invoices, settlement and the bank."""

from .approvals import ApprovalViewSet
from .cycles import CycleViewSet, PositionViewSet
from .ledger import (
    AccountViewSet,
    ClientMoneyView,
    DepositReferenceView,
    JournalView,
    StatementLineViewSet,
    TrialBalanceView,
)
from .safeguarding import FundsRegimeViewSet, SegregationCheckViewSet
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
    "ApprovalViewSet",
    "BankEntryViewSet",
    "BankStatementViewSet",
    "ClientAccountViewSet",
    "ClientMoneyView",
    "CycleViewSet",
    "DepositReferenceView",
    "FundsRegimeViewSet",
    "InvoiceViewSet",
    "JournalView",
    "PositionViewSet",
    "SegregationCheckViewSet",
    "SettlementInstructionViewSet",
    "StatementLineViewSet",
    "TradeViewSet",
    "TradingNeutralityView",
    "TransferFileViewSet",
    "TrialBalanceView",
]
