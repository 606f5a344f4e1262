"""Registers the tables of clearing with Django; each is declared in its room."""

from .approvals.models import MoneyCommand
from .bank.debit_models import DebitBooking, Recoupment
from .bank.models import (
    BankAllocation,
    BankEntry,
    BankStatement,
    StatementConfirmation,
    StatementImport,
    UnconfirmedReceipt,
)
from .cycles.models import ClearingSchedule, ClosedDay, Cycle, CyclePart, CycleStep
from .guarantees.models import Guarantee, GuaranteeReduction
from .invoices.models import IntermediaryNotice, Invoice
from .ledger.models import Account, Balance, Entry, FundsRegime, LedgerPeriod, Posting
from .netting.models import NetPosition, ProofBlock
from .run.models import CycleAlarm
from .safeguarding.models import SegregationCheck, StuckMoney
from .settlement.models import (
    ClientAccount,
    CountedTimeline,
    Restoration,
    SendingOpening,
    SettlementInstruction,
    TransferFile,
)
from .settlement.reserve_models import ReserveReduction
from .settlement.restraint_models import CreditorPayment, SetOffRestraint
from .settlement.sanction_models import PaymentPermission
from .shortfalls.bad_debt_models import FeeWriteOff, TaxRelief
from .shortfalls.models import Deferral, FundsDecision, SetOff, Shortfall
from .statements.certificate_models import BalanceCertificate
from .statements.models import MonthlyStatement, StatementMonth
from .trades.awaited_models import AwaitedCorrection
from .trades.charge_models import (
    ChargeAmendment,
    ChargePlan,
    ChargeProgress,
    PlannedCharge,
    PlannedShare,
    UsageRecord,
)
from .trades.guaranteed_models import GuaranteedPart, PutOffCorrection
from .trades.models import Obligation, Trade
from .trades.supply_models import SupplyStatement

__all__ = [
    "Account",
    "AwaitedCorrection",
    "Balance",
    "BalanceCertificate",
    "BankAllocation",
    "BankEntry",
    "BankStatement",
    "ChargeAmendment",
    "ChargePlan",
    "ChargeProgress",
    "ClearingSchedule",
    "ClientAccount",
    "ClosedDay",
    "CountedTimeline",
    "CreditorPayment",
    "Cycle",
    "CycleAlarm",
    "CyclePart",
    "CycleStep",
    "DebitBooking",
    "Deferral",
    "Entry",
    "FeeWriteOff",
    "FundsDecision",
    "FundsRegime",
    "Guarantee",
    "GuaranteeReduction",
    "GuaranteedPart",
    "IntermediaryNotice",
    "Invoice",
    "LedgerPeriod",
    "MoneyCommand",
    "MonthlyStatement",
    "NetPosition",
    "Obligation",
    "PaymentPermission",
    "PlannedCharge",
    "PlannedShare",
    "Posting",
    "ProofBlock",
    "PutOffCorrection",
    "Recoupment",
    "ReserveReduction",
    "Restoration",
    "SegregationCheck",
    "SendingOpening",
    "SetOff",
    "SetOffRestraint",
    "SettlementInstruction",
    "Shortfall",
    "StatementConfirmation",
    "StatementImport",
    "StatementMonth",
    "StuckMoney",
    "SupplyStatement",
    "TaxRelief",
    "Trade",
    "TransferFile",
    "UnconfirmedReceipt",
    "UsageRecord",
]
