"""Routes of approvals."""

from rest_framework.routers import SimpleRouter

from .views import ApprovalViewSet, ParkedEntryViewSet, RulebookViewSet

router = SimpleRouter()
router.register("approvals", ApprovalViewSet, basename="approval")
router.register("events/inbox", ParkedEntryViewSet, basename="inbox-entry")
router.register("rulebooks", RulebookViewSet, basename="rulebook")

urlpatterns = [
    *router.urls,
]
