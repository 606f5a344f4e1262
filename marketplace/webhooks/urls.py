"""Routes of the feed and the webhooks."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .views import EventTypesView, FeedView, WebhookAttemptViewSet, WebhookViewSet

router = SimpleRouter()
router.register("webhooks", WebhookViewSet, basename="webhook")

urlpatterns = [
    path("events/feed/", FeedView.as_view(), name="event-feed"),
    path("events/types/", EventTypesView.as_view(), name="event-types"),
    path(
        "webhooks/<str:webhook>/attempts/",
        WebhookAttemptViewSet.as_view({"get": "list"}),
        name="webhook-attempts",
    ),
    *router.urls,
]
