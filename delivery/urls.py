"""Routes of delivery."""

from rest_framework.routers import SimpleRouter

from .views import DeliveryViewSet, DownloadViewSet, VoucherViewSet

router = SimpleRouter()
router.register("deliveries", DeliveryViewSet, basename="delivery")
router.register("vouchers", VoucherViewSet, basename="voucher")
router.register("downloads", DownloadViewSet, basename="download")

urlpatterns = router.urls
