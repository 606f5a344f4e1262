"""Routes of netting."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import PositionViewSet, VerificationScriptView

router = SimpleRouter()
router.register("positions", PositionViewSet, basename="position")

urlpatterns = [
    path("verification-script/", VerificationScriptView.as_view(), name="verification-script"),
    *router.urls,
]
