"""Routes of staff accesses."""

from rest_framework.routers import SimpleRouter

from .views import StaffAccessViewSet

router = SimpleRouter()
router.register("staff-accesses", StaffAccessViewSet, basename="staff-access")

urlpatterns = router.urls
