"""Application configuration of observability."""

from django.apps import AppConfig


class ObservabilityConfig(AppConfig):
    """Connects workers and beat to their heartbeats, and configures tracing."""

    name = "marketplace.observability"
    label = "observability"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect to what Celery tells of its processes, and to the collector of traces, if there is one."""
        from .processes import connect_processes  # deferred: loaded applications
        from .tracing import configure_tracing  # deferred: loaded applications

        connect_processes()
        configure_tracing()
