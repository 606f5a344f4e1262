"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .cycles import CycleSerializer, OpenCycleSerializer, PositionSerializer
from .expected import ExpectedPaymentsSerializer
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
from .statements import (
    DraftStatementSerializer,
    MonthlyStatementSerializer,
    WholeStatementSerializer,
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
    "DraftStatementSerializer",
    "ExpectedPaymentsSerializer",
    "FailSerializer",
    "InstructionSerializer",
    "IntermediaryNoticeDaySerializer",
    "IntermediaryNoticeSerializer",
    "InvoiceSerializer",
    "MonthlyStatementSerializer",
    "OpenCycleSerializer",
    "PositionSerializer",
    "RegisterClientAccountSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
    "WholeStatementSerializer",
]
