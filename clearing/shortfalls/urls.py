"""Routes of shortfalls."""

from rest_framework.routers import SimpleRouter

from .views import (
    ClaimViewSet,
    DepositViewSet,
    FeeWriteOffViewSet,
    RestraintViewSet,
    SetOffViewSet,
    ShortfallViewSet,
)

router = SimpleRouter()
router.register("deposits", DepositViewSet, basename="deposit")
router.register("claims", ClaimViewSet, basename="claim")
router.register("shortfalls", ShortfallViewSet, basename="shortfall")
router.register("fee-write-offs", FeeWriteOffViewSet, basename="fee-write-off")
router.register("set-offs", SetOffViewSet, basename="set-off")
router.register("set-off-restraints", RestraintViewSet, basename="set-off-restraint")

urlpatterns = [
    *router.urls,
]
