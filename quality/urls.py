"""Routes of quality."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import MethodView, ProfileViewSet

router = SimpleRouter()
router.register("profiles", ProfileViewSet, basename="profile")

urlpatterns = [path("quality-method/", MethodView.as_view(), name="quality-method"), *router.urls]
