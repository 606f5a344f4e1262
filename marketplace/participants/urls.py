"""Routes of participants."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .fact_views import FactChangeViewSet
from .payout_views import PayoutAccountChangeViewSet
from .suspension_views import SuspensionViewSet
from .trustee_views import TrusteeAppointmentViewSet
from .views import (
    AdmissionViewSet,
    ApplicationViewSet,
    CallerView,
    MemberViewSet,
    SegmentViewSet,
)

router = SimpleRouter()
router.register("segments", SegmentViewSet, basename="segment")
router.register("admissions", AdmissionViewSet, basename="admission")
router.register("members", MemberViewSet, basename="member")
router.register("applications", ApplicationViewSet, basename="application")
router.register("payout-account-changes", PayoutAccountChangeViewSet, basename="payout-account-change")
router.register("suspensions", SuspensionViewSet, basename="suspension")
router.register("trustee-appointments", TrusteeAppointmentViewSet, basename="trustee-appointment")
router.register("fact-changes", FactChangeViewSet, basename="fact-change")

urlpatterns = [path("me/", CallerView.as_view(), name="caller"), *router.urls]
