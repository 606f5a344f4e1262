"""Application configuration of the API conventions."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class ApiConfig(AppConfig):
    """Declares the idempotency records and loads the OpenAPI extensions."""

    name = "marketplace.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the check of the routes, and what drf-spectacular must know of the authentication."""
        # It registers itself.
        from . import schema  # noqa: F401  # deferred: loaded applications
        from .checks import check_routes  # deferred: loaded applications

        register(check_routes, Tags.urls)
