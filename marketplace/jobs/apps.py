"""Application configuration of jobs."""

from django.apps import AppConfig

from marketplace.kernel.discovery import import_declarations


class JobsConfig(AppConfig):
    """Registers the kinds of jobs that applications declare in ``jobs.py``."""

    name = "marketplace.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the kinds of every application."""
        import_declarations("jobs")
