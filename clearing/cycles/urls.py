"""Routes of cycles."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import ClearingScheduleViewSet, ClosedDayViewSet, CutOffsView

router = SimpleRouter()
router.register("clearing-schedules", ClearingScheduleViewSet, basename="clearing-schedule")
router.register("closed-days", ClosedDayViewSet, basename="closed-day")

urlpatterns = [
    path("cut-offs/", CutOffsView.as_view(), name="cut-offs"),
    *router.urls,
]
