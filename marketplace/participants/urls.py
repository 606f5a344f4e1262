"""Routes of participants."""

from django.urls import path
from rest_framework.routers import SimpleRouter

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

urlpatterns = [path("me/", CallerView.as_view(), name="caller"), *router.urls]
