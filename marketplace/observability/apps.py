"""Application configuration of observability."""

from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    """Connects workers and beat to their heartbeats."""

    name = "marketplace.observability"
    label = "observability"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to what Celery tells of its processes."""
        from .processes import connect_processes  # deferred: loaded applications

        connect_processes()
