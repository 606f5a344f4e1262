"""Routes of trades."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import AgreementPriceViewSet, ObligationViewSet, TradingNeutralityView

router = SimpleRouter()
router.register("obligations", ObligationViewSet, basename="obligation")
router.register("agreements", AgreementPriceViewSet, basename="agreement-price")

urlpatterns = [
    path("trading-neutrality/", TradingNeutralityView.as_view(), name="trading-neutrality"),
    *router.urls,
]
