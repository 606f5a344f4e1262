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
from .expected import ExpectedPaymentsSerializer
from .invoices import (
    CorrectInvoiceSerializer,
    IntermediaryNoticeDaySerializer,
    IntermediaryNoticeSerializer,
    InvoiceSerializer,
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
from .obligations import ObligationSerializer, PenaltySerializer, RefundSerializer, ReverseSerializer
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
from .shortfalls import FundsSerializer, OfParticipantSerializer, PayDepositSerializer, ShortfallSerializer
from .statements import DraftStatementSerializer, MonthlyStatementSerializer, WholeStatementSerializer
from .trades import TradeProofSerializer, TradeSerializer
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
    "CorrectInvoiceSerializer",
    "CreateTransferFileSerializer",
    "CutOffsQuerySerializer",
    "CutOffsSerializer",
    "CycleSerializer",
    "DeclareClosedDaySerializer",
    "DeclareFundsRegimeSerializer",
    "DepositReferenceSerializer",
    "DraftStatementSerializer",
    "DryRunSerializer",
    "EntrySerializer",
    "ExpectedPaymentsSerializer",
    "FailSerializer",
    "FundsRegimeSerializer",
    "FundsSerializer",
    "HoldCycleSerializer",
    "InstructionSerializer",
    "IntermediaryNoticeDaySerializer",
    "IntermediaryNoticeSerializer",
    "InvoiceSerializer",
    "LedgerPeriodSerializer",
    "LeftOutSerializer",
    "MonthlyStatementSerializer",
    "ObligationSerializer",
    "OfParticipantSerializer",
    "OpenCycleSerializer",
    "PayDepositSerializer",
    "PenaltySerializer",
    "PositionSerializer",
    "ProgressSerializer",
    "PublishScheduleSerializer",
    "RefundSerializer",
    "RegisterClientAccountSerializer",
    "ReverseSerializer",
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
    "WholeStatementSerializer",
    "WithdrawClosedDaySerializer",
]
