"""Routes of the rules."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from .drafts.views import RulebookDraftViewSet
from .rescreening.views import RescreeningViewSet
from .views import DecisionViewSet, NeutralityView, ParametersView, RulebookViewSet

router = SimpleRouter()
router.register("decisions", DecisionViewSet, basename="decision")
router.register("rulebooks", RulebookViewSet, basename="rulebook")
router.register("rescreenings", RescreeningViewSet, basename="rescreening")
router.register("rulebook-drafts", RulebookDraftViewSet, basename="rulebook-draft")

urlpatterns = [
    path("neutrality/", NeutralityView.as_view(), name="neutrality"),
    path("parameters/", ParametersView.as_view(), name="parameters"),
    path("", include("marketplace.rules.neutrality.urls")),
    *router.urls,
]
