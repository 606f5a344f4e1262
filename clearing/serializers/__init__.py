"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .cycles import CycleSerializer, OpenCycleSerializer, PositionSerializer
from .ledger import (
    AccountSerializer,
    ClientMoneySerializer,
    DepositReferenceSerializer,
    StatementLineSerializer,
    TrialBalanceSerializer,
)
from .obligations import (
    ObligationSerializer,
    PenaltySerializer,
    RefundSerializer,
    ReverseSerializer,
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
from .trades import InvoiceSerializer, TradeProofSerializer, TradeSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "CreateTransferFileSerializer",
    "CycleSerializer",
    "DepositReferenceSerializer",
    "FailSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "ObligationSerializer",
    "OpenCycleSerializer",
    "PenaltySerializer",
    "PositionSerializer",
    "RefundSerializer",
    "RegisterClientAccountSerializer",
    "ReverseSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
]
