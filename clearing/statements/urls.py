"""Routes of statements."""

from rest_framework.routers import SimpleRouter

from .views import MonthlyStatementViewSet

router = SimpleRouter()
router.register("statements", MonthlyStatementViewSet, basename="statement")

urlpatterns = [
    *router.urls,
]
