"""Application configuration of notices."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Tasks, notices and mail."""

    name = "marketplace.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
