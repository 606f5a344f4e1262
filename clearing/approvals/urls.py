"""Routes of what two people of the operator release."""

from rest_framework.routers import SimpleRouter

from .views import (
    HaltViewSet,
    KeyAnnouncementViewSet,
    OrganisationViewSet,
    ParkedEntryViewSet,
    WitnessViewSet,
)

router = SimpleRouter()
router.register("events/inbox", ParkedEntryViewSet, basename="inbox-entry")
router.register("evidence/key-announcements", KeyAnnouncementViewSet, basename="key-announcement")
router.register("evidence/witnesses", WitnessViewSet, basename="witness")
router.register("halts", HaltViewSet, basename="halt")
router.register("organisations", OrganisationViewSet, basename="organisation")

urlpatterns = [
    *router.urls,
]
