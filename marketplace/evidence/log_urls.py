"""Routes of the public log, and of the programs with which outsiders verify the market."""

from django.urls import path

from . import log_views

PROGRAMS = ("verify.py", "witness.py", "replay.py", "activity_record.py")
"""Files of ``verification/``; ``replay.py`` needs ``verify.py`` beside it."""

urlpatterns = [
    path("checkpoint", log_views.checkpoint, name="log-checkpoint"),
    path("keys.json", log_views.keys, name="log-keys"),
    path("stamped", log_views.stamped, name="log-stamped"),
    path("timestamp/authority.pem", log_views.authority, name="log-timestamp-authority"),
    path("timestamp/<int:size>.tsr", log_views.timestamp, name="log-timestamp"),
    *(path(name, log_views.program, {"name": name}, name=f"log-program-{name}") for name in PROGRAMS),
    path("tile/<path:place>", log_views.tile, name="log-tile"),
]
