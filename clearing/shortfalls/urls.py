"""Routes of shortfalls."""

from rest_framework.routers import SimpleRouter

from .views import ClaimViewSet, DepositViewSet, ShortfallViewSet

router = SimpleRouter()
router.register("deposits", DepositViewSet, basename="deposit")
router.register("claims", ClaimViewSet, basename="claim")
router.register("shortfalls", ShortfallViewSet, basename="shortfall")

urlpatterns = [
    *router.urls,
]
