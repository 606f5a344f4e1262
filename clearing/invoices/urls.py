"""Routes of invoices."""

from rest_framework.routers import SimpleRouter

from .views import IntermediaryNoticeViewSet, InvoiceViewSet

router = SimpleRouter()
router.register("invoices", InvoiceViewSet, basename="invoice")
router.register("intermediary-notices", IntermediaryNoticeViewSet, basename="intermediary-notice")

urlpatterns = [
    *router.urls,
]
