"""Routes of the public log."""

from django.urls import path

from . import log_views

urlpatterns = [
    path("checkpoint", log_views.checkpoint, name="log-checkpoint"),
    path("tile/<path:place>", log_views.tile, name="log-tile"),
]
