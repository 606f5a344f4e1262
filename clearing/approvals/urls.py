"""Routes of approvals."""

from rest_framework.routers import SimpleRouter

from .views import ApprovalViewSet, RulebookViewSet

router = SimpleRouter()
router.register("approvals", ApprovalViewSet, basename="approval")
router.register("rulebooks", RulebookViewSet, basename="rulebook")

urlpatterns = [
    *router.urls,
]
