"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .calendars import (
    ClearingScheduleSerializer,
    ClosedDaySerializer,
    CutOffsQuerySerializer,
    CutOffsSerializer,
    DeclareClosedDaySerializer,
    PublishScheduleSerializer,
    WithdrawClosedDaySerializer,
)
from .cycles import CycleSerializer, HoldCycleSerializer, OpenCycleSerializer, PositionSerializer
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
from .trades import InvoiceSerializer, TradeProofSerializer, TradeSerializer
from .watching import DryRunSerializer, LeftOutSerializer, ProgressSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "ClearingScheduleSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "ClosedDaySerializer",
    "CreateTransferFileSerializer",
    "CutOffsQuerySerializer",
    "CutOffsSerializer",
    "CycleSerializer",
    "DeclareClosedDaySerializer",
    "DepositReferenceSerializer",
    "DryRunSerializer",
    "FailSerializer",
    "HoldCycleSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "LeftOutSerializer",
    "OpenCycleSerializer",
    "PositionSerializer",
    "ProgressSerializer",
    "PublishScheduleSerializer",
    "RegisterClientAccountSerializer",
    "StatementLineSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
    "WithdrawClosedDaySerializer",
]
