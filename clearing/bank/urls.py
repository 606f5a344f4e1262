"""Routes of bank."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import BankEntryViewSet, BankStatementViewSet, DepositReferenceView

router = SimpleRouter()
router.register("bank-statements", BankStatementViewSet, basename="bank-statement")
router.register("bank-entries", BankEntryViewSet, basename="bank-entry")

urlpatterns = [
    path("deposit-reference/", DepositReferenceView.as_view(), name="deposit-reference"),
    *router.urls,
]
