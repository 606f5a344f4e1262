"""Routes of cases."""

from rest_framework.routers import SimpleRouter

from .on_call_views import OnCallTurnViewSet
from .views import CaseViewSet

router = SimpleRouter()
router.register("cases", CaseViewSet, basename="case")
router.register("on-call", OnCallTurnViewSet, basename="on-call-turn")

urlpatterns = router.urls
