"""Routes of trades."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import ObligationViewSet, TradingNeutralityView

router = SimpleRouter()
router.register("obligations", ObligationViewSet, basename="obligation")

urlpatterns = [
    path("trading-neutrality/", TradingNeutralityView.as_view(), name="trading-neutrality"),
    *router.urls,
]
