"""Application configuration of the feed and the webhooks."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The feed of events and the webhooks of organisations."""

    name = "marketplace.webhooks"
    label = "webhooks"
    default_auto_field = "django.db.models.BigAutoField"
