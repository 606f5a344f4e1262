"""Routes of events."""

from rest_framework.routers import SimpleRouter

from .views import InboxEntryViewSet, OutboxEventViewSet

router = SimpleRouter()
router.register("events/outbox", OutboxEventViewSet, basename="outbox-event")
router.register("events/inbox", InboxEntryViewSet, basename="inbox-entry")

urlpatterns = router.urls
