"""Routes of the registers."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .activity.views import ActivityRecordViewSet
from .consultations.views import ConsultationViewSet
from .figures import OversightFiguresView
from .holds.views import LegalHoldViewSet, RetentionScheduleView
from .incidents.views import IncidentViewSet
from .reviews.views import ReviewViewSet
from .seals.views import RecordSealViewSet

router = SimpleRouter()
router.register("incidents", IncidentViewSet, basename="incident")
router.register("consultations", ConsultationViewSet, basename="consultation")
router.register("reviews", ReviewViewSet, basename="review")
router.register("legal-holds", LegalHoldViewSet, basename="legal-hold")
router.register("record-seals", RecordSealViewSet, basename="record-seal")
router.register("activity-records", ActivityRecordViewSet, basename="activity-record")

urlpatterns = [
    path("oversight-figures/", OversightFiguresView.as_view(), name="oversight-figures"),
    path("retention-schedule/", RetentionScheduleView.as_view(), name="retention-schedule"),
    *router.urls,
]
