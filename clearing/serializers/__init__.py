"""How clearing is written out, and what its commands take. Amounts, states, fees and cycles are never taken."""

from .approvals import ApprovalSerializer
from .calendars import (
    ClearingScheduleSerializer,
    ClosedDaySerializer,
    CutOffsQuerySerializer,
    CutOffsSerializer,
    DeclareClosedDaySerializer,
    PublishScheduleSerializer,
    WithdrawClosedDaySerializer,
)
from .cycles import (
    CycleSerializer,
    HoldCycleSerializer,
    OpenCycleSerializer,
    PositionSerializer,
    StatementSerializer,
)
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
from .shortfalls import (
    FundsSerializer,
    OfParticipantSerializer,
    PayDepositSerializer,
    ShortfallSerializer,
)
from .trades import InvoiceSerializer, TradeProofSerializer, TradeSerializer
from .watching import DryRunSerializer, LeftOutSerializer, ProgressSerializer

__all__ = [
    "AccountSerializer",
    "AllocateSerializer",
    "ApprovalSerializer",
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
    "DeclareFundsRegimeSerializer",
    "DepositReferenceSerializer",
    "DryRunSerializer",
    "EntrySerializer",
    "FailSerializer",
    "FundsRegimeSerializer",
    "FundsSerializer",
    "HoldCycleSerializer",
    "InstructionSerializer",
    "InvoiceSerializer",
    "LedgerPeriodSerializer",
    "LeftOutSerializer",
    "OfParticipantSerializer",
    "OpenCycleSerializer",
    "PayDepositSerializer",
    "PositionSerializer",
    "ProgressSerializer",
    "PublishScheduleSerializer",
    "RegisterClientAccountSerializer",
    "SegregationCheckSerializer",
    "ShortfallSerializer",
    "StatementLineSerializer",
    "StatementSerializer",
    "TradeProofSerializer",
    "TradeSerializer",
    "TransferFileSerializer",
    "TrialBalanceSerializer",
    "UploadStatementSerializer",
    "WalkedEntrySerializer",
    "WithdrawClosedDaySerializer",
]
