"""Routes of guarantees."""

from rest_framework.routers import SimpleRouter

from .views import GuaranteeViewSet

router = SimpleRouter()
router.register("guarantees", GuaranteeViewSet, basename="guarantee")

urlpatterns = [
    *router.urls,
]
