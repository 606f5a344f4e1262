"""Routes of reports."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import CycleReportViewSet, CycleViewSet, ExpectedPaymentsView, JournalEntryViewSet, TradeViewSet

router = SimpleRouter()
router.register("trades", TradeViewSet, basename="trade")
router.register("cycles", CycleViewSet, basename="cycle")
router.register("cycle-reports", CycleReportViewSet, basename="cycle-report")
router.register("journal-entries", JournalEntryViewSet, basename="journal-entry")

urlpatterns = [
    path("expected-payments/", ExpectedPaymentsView.as_view(), name="expected-payments"),
    *router.urls,
]
