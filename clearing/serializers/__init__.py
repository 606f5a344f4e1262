"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .approvals import ApprovalSerializer
from .cycles import CycleSerializer, OpenCycleSerializer, PositionSerializer
from .ledger import (
    AccountSerializer,
    ClientMoneySerializer,
    DepositReferenceSerializer,
    StatementLineSerializer,
    TrialBalanceSerializer,
)
from .safeguarding import DeclareFundsRegimeSerializer, FundsRegimeSerializer, SegregationCheckSerializer
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
    "ApprovalSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "CreateTransferFileSerializer",
    "CycleSerializer",
    "DeclareFundsRegimeSerializer",
    "DepositReferenceSerializer",
    "FailSerializer",
    "FundsRegimeSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "OpenCycleSerializer",
    "PositionSerializer",
    "RegisterClientAccountSerializer",
    "SegregationCheckSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
]
