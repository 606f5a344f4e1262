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
from .trades import InvoiceSerializer, TradeProofSerializer, TradeSerializer
from .watching import DryRunSerializer, LeftOutSerializer, ProgressSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "BalancesSerializer",
    "BankEntrySerializer",
    "BankStatementSerializer",
    "BehindLineSerializer",
    "ClearingScheduleSerializer",
    "ClientAccountSerializer",
    "ClientMoneySerializer",
    "ClosePeriodSerializer",
    "ClosedDaySerializer",
    "CreateTransferFileSerializer",
    "CutOffsQuerySerializer",
    "CutOffsSerializer",
    "CycleSerializer",
    "DeclareClosedDaySerializer",
    "DepositReferenceSerializer",
    "DryRunSerializer",
    "EntrySerializer",
    "FailSerializer",
    "HoldCycleSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "LedgerPeriodSerializer",
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
    "WalkedEntrySerializer",
    "WithdrawClosedDaySerializer",
]
