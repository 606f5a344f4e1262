"""Routes of clearing."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import (
    AccountViewSet,
    ApprovalViewSet,
    BalancesView,
    BankEntryViewSet,
    BankStatementViewSet,
    ClaimViewSet,
    ClearingScheduleViewSet,
    ClientAccountViewSet,
    ClientMoneyView,
    ClosedDayViewSet,
    CutOffsView,
    CycleReportViewSet,
    CycleViewSet,
    DepositReferenceView,
    DepositViewSet,
    ExpectedPaymentsView,
    FundsRegimeViewSet,
    IntermediaryNoticeViewSet,
    InvoiceViewSet,
    JournalEntryViewSet,
    JournalView,
    LedgerPeriodViewSet,
    MonthlyStatementViewSet,
    ObligationViewSet,
    PositionViewSet,
    SegregationCheckViewSet,
    SettlementInstructionViewSet,
    ShortfallViewSet,
    StatementLineViewSet,
    TradeViewSet,
    TradingNeutralityView,
    TransferFileViewSet,
    TrialBalanceView,
    VerificationScriptView,
)

router = SimpleRouter()
router.register("trades", TradeViewSet, basename="trade")
router.register("obligations", ObligationViewSet, basename="obligation")
router.register("cycles", CycleViewSet, basename="cycle")
router.register("clearing-schedules", ClearingScheduleViewSet, basename="clearing-schedule")
router.register("closed-days", ClosedDayViewSet, basename="closed-day")
router.register("cycle-reports", CycleReportViewSet, basename="cycle-report")
router.register("positions", PositionViewSet, basename="position")
router.register("accounts", AccountViewSet, basename="account")
router.register("statement-lines", StatementLineViewSet, basename="statement-line")
router.register("invoices", InvoiceViewSet, basename="invoice")
router.register("intermediary-notices", IntermediaryNoticeViewSet, basename="intermediary-notice")
router.register("statements", MonthlyStatementViewSet, basename="statement")
router.register("settlement-instructions", SettlementInstructionViewSet, basename="settlement-instruction")
router.register("transfer-files", TransferFileViewSet, basename="transfer-file")
router.register("bank-statements", BankStatementViewSet, basename="bank-statement")
router.register("bank-entries", BankEntryViewSet, basename="bank-entry")
router.register("journal-entries", JournalEntryViewSet, basename="journal-entry")
router.register("ledger-periods", LedgerPeriodViewSet, basename="ledger-period")
router.register("approvals", ApprovalViewSet, basename="approval")
router.register("funds-regimes", FundsRegimeViewSet, basename="funds-regime")
router.register("segregation-checks", SegregationCheckViewSet, basename="segregation-check")
router.register("client-accounts", ClientAccountViewSet, basename="client-account")
router.register("deposits", DepositViewSet, basename="deposit")
router.register("claims", ClaimViewSet, basename="claim")
router.register("shortfalls", ShortfallViewSet, basename="shortfall")

urlpatterns = [
    path("cut-offs/", CutOffsView.as_view(), name="cut-offs"),
    path("deposit-reference/", DepositReferenceView.as_view(), name="deposit-reference"),
    path("balances/", BalancesView.as_view(), name="balances"),
    path("expected-payments/", ExpectedPaymentsView.as_view(), name="expected-payments"),
    path("trial-balance/", TrialBalanceView.as_view(), name="trial-balance"),
    path("client-money/", ClientMoneyView.as_view(), name="client-money"),
    path("journal/", JournalView.as_view(), name="journal"),
    path("trading-neutrality/", TradingNeutralityView.as_view(), name="trading-neutrality"),
    path("verification-script/", VerificationScriptView.as_view(), name="verification-script"),
    *router.urls,
]
