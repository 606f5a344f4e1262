"""Routes of the rules."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import DecisionViewSet, NeutralityView, ParametersView

router = SimpleRouter()
router.register("decisions", DecisionViewSet, basename="decision")

urlpatterns = [
    path("neutrality/", NeutralityView.as_view(), name="neutrality"),
    path("parameters/", ParametersView.as_view(), name="parameters"),
    *router.urls,
]
