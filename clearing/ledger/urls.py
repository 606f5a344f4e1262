"""Routes of ledger."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import (
    AccountViewSet,
    BalancesView,
    ClientMoneyView,
    JournalView,
    PostingViewSet,
    TrialBalanceView,
)

router = SimpleRouter()
router.register("accounts", AccountViewSet, basename="account")
router.register("postings", PostingViewSet, basename="posting")

urlpatterns = [
    path("balances/", BalancesView.as_view(), name="balances"),
    path("trial-balance/", TrialBalanceView.as_view(), name="trial-balance"),
    path("client-money/", ClientMoneyView.as_view(), name="client-money"),
    path("journal/", JournalView.as_view(), name="journal"),
    *router.urls,
]
