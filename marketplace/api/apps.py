"""Application configuration of the API conventions."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Holds the idempotency records and brings the OpenAPI extensions in."""

    name = "marketplace.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what drf-spectacular must know of the authentication."""
        # It registers itself.
        from . import schema  # noqa: F401  # deferred: loaded applications
