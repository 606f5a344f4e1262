"""Routes of the public log."""

from django.urls import path

from . import log_views

urlpatterns = [
    path("checkpoint", log_views.checkpoint, name="log-checkpoint"),
    path("verify.py", log_views.program, {"name": "verify.py"}, name="log-verifier"),
    path("witness.py", log_views.program, {"name": "witness.py"}, name="log-witness"),
    path("tile/<path:place>", log_views.tile, name="log-tile"),
]
