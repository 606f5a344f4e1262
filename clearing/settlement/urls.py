"""Routes of settlement."""

from rest_framework.routers import SimpleRouter

from .views import (
    ClientAccountViewSet,
    FundsRegimeViewSet,
    ReserveReductionViewSet,
    SettlementInstructionViewSet,
    TransferFileViewSet,
)

router = SimpleRouter()
router.register("settlement-instructions", SettlementInstructionViewSet, basename="settlement-instruction")
router.register("transfer-files", TransferFileViewSet, basename="transfer-file")
router.register("client-accounts", ClientAccountViewSet, basename="client-account")
router.register("reserve-reductions", ReserveReductionViewSet, basename="reserve-reduction")
router.register("funds-regimes", FundsRegimeViewSet, basename="funds-regime")

urlpatterns = [
    *router.urls,
]
