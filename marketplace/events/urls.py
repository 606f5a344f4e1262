"""Routes of events."""

from rest_framework.routers import SimpleRouter

from .views import OutboxEventViewSet

router = SimpleRouter()
router.register("events/outbox", OutboxEventViewSet, basename="outbox-event")

urlpatterns = router.urls
