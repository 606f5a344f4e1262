"""Routes of trades."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import (
    AgreementPriceViewSet,
    DisputeResolutionViewSet,
    GuaranteeExposureView,
    ObligationViewSet,
    SupplyStatementViewSet,
    TradingNeutralityView,
)

router = SimpleRouter()
router.register("obligations", ObligationViewSet, basename="obligation")
router.register("agreements", AgreementPriceViewSet, basename="agreement-price")
router.register("supply-statements", SupplyStatementViewSet, basename="supply-statement")
router.register("disputes", DisputeResolutionViewSet, basename="dispute-resolution")

urlpatterns = [
    path("trading-neutrality/", TradingNeutralityView.as_view(), name="trading-neutrality"),
    path("guarantee-exposures/", GuaranteeExposureView.as_view(), name="guarantee-exposures"),
    *router.urls,
]
