"""Application configuration of events."""

from django.apps import AppConfig
from django.core.checks import register


class EventsConfig(AppConfig):
    """Checks at start-up that every subscription names a known event and an existing handler."""

    name = "marketplace.events"
    label = "events"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system check of the subscriptions."""
        from .subscriptions import check_subscriptions  # deferred: loaded applications

        register(check_subscriptions)
