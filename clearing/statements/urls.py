"""Routes of statements."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import (
    BalanceCertificateViewSet,
    BankReconciliationView,
    LedgerPeriodViewSet,
    MonthlyStatementViewSet,
)

router = SimpleRouter()
router.register("monthly-statements", MonthlyStatementViewSet, basename="monthly-statement")
router.register("balance-certificates", BalanceCertificateViewSet, basename="balance-certificate")
router.register("ledger-periods", LedgerPeriodViewSet, basename="ledger-period")

urlpatterns = [
    path("bank-reconciliation/", BankReconciliationView.as_view(), name="bank-reconciliation"),
    *router.urls,
]
