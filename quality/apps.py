"""Application configuration of quality."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Quality profiles and measurements of listing versions."""

    name = "quality"
    label = "quality"
    default_auto_field = "django.db.models.BigAutoField"
