"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .cycles import CycleSerializer, OpenCycleSerializer, PositionSerializer
from .invoices import (
    CorrectInvoiceSerializer,
    IntermediaryNoticeDaySerializer,
    IntermediaryNoticeSerializer,
    InvoiceSerializer,
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
from .trades import TradeProofSerializer, TradeSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "CorrectInvoiceSerializer",
    "CreateTransferFileSerializer",
    "CycleSerializer",
    "DepositReferenceSerializer",
    "FailSerializer",
    "InstructionSerializer",
    "IntermediaryNoticeDaySerializer",
    "IntermediaryNoticeSerializer",
    "InvoiceSerializer",
    "OpenCycleSerializer",
    "PositionSerializer",
    "RegisterClientAccountSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
]
