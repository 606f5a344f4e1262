"""Routes of statements."""

from rest_framework.routers import SimpleRouter

from .views import MonthlyStatementViewSet

router = SimpleRouter()
router.register("monthly-statements", MonthlyStatementViewSet, basename="monthly-statement")

urlpatterns = [
    *router.urls,
]
