"""Application configuration of the API conventions."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """Declares the idempotency records and loads the OpenAPI extensions."""

    name = "marketplace.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what drf-spectacular must know of the authentication."""
        # It registers itself.
        from . import schema  # noqa: F401  # deferred: loaded applications
