"""Routes of bank."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import (
    BankEntryViewSet,
    BankStatementViewSet,
    DebitBookingViewSet,
    PayInReferenceView,
    RestorationViewSet,
    StatementImportViewSet,
    UnconfirmedReceiptViewSet,
)

router = SimpleRouter()
router.register("bank-statements", BankStatementViewSet, basename="bank-statement")
router.register("statement-imports", StatementImportViewSet, basename="statement-import")
router.register("unconfirmed-receipts", UnconfirmedReceiptViewSet, basename="unconfirmed-receipt")
router.register("bank-entries", BankEntryViewSet, basename="bank-entry")
router.register("debit-bookings", DebitBookingViewSet, basename="debit-booking")
router.register("restorations", RestorationViewSet, basename="restoration")

urlpatterns = [
    path("pay-in-reference/", PayInReferenceView.as_view(), name="pay-in-reference"),
    *router.urls,
]
