"""Routes of safeguarding."""

from rest_framework.routers import SimpleRouter

from .views import SegregationCheckViewSet

router = SimpleRouter()
router.register("segregation-checks", SegregationCheckViewSet, basename="segregation-check")

urlpatterns = [
    *router.urls,
]
