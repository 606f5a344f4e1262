"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .cycles import CycleSerializer, OpenCycleSerializer, PositionSerializer
from .journal import (
    BalancesSerializer,
    BehindLineSerializer,
    ClosePeriodSerializer,
    EntrySerializer,
    LedgerPeriodSerializer,
    WalkedEntrySerializer,
)
from .ledger import (
    AccountSerializer,
    ClientMoneySerializer,
    DepositReferenceSerializer,
    StatementLineSerializer,
    TrialBalanceSerializer,
)
from .settlement import (
    AllocateSerializer,
    BankEntrySerializer,
    BankStatementSerializer,
    ClientAccountSerializer,
    CreateTransferFileSerializer,
    FailSerializer,
    InstructionSerializer,
    RegisterClientAccountSerializer,
    TransferFileSerializer,
    UploadStatementSerializer,
)
from .shortfalls import (
    FundsSerializer,
    OfParticipantSerializer,
    PayDepositSerializer,
    ShortfallSerializer,
)
from .trades import InvoiceSerializer, TradeProofSerializer, TradeSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "BalancesSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "BehindLineSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "ClosePeriodSerializer",
    "CreateTransferFileSerializer",
    "CycleSerializer",
    "DepositReferenceSerializer",
    "EntrySerializer",
    "FailSerializer",
    "FundsSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "LedgerPeriodSerializer",
    "OfParticipantSerializer",
    "OpenCycleSerializer",
    "PayDepositSerializer",
    "PositionSerializer",
    "RegisterClientAccountSerializer",
    "ShortfallSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
    "WalkedEntrySerializer",
]
