"""Routes of delivery."""

from rest_framework.routers import SimpleRouter

from .outage_views import OutageViewSet
from .views import DeliveryViewSet, DownloadViewSet, VoucherViewSet

router = SimpleRouter()
router.register("deliveries", DeliveryViewSet, basename="delivery")
router.register("outages", OutageViewSet, basename="outage")
router.register("vouchers", VoucherViewSet, basename="voucher")
router.register("downloads", DownloadViewSet, basename="download")

urlpatterns = router.urls
