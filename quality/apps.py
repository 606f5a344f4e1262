"""Application configuration of quality."""

from django.apps import AppConfig


class QualityConfig(AppConfig):
    """Profiles and measurements."""

    name = "quality"
    label = "quality"
    default_auto_field = "django.db.models.BigAutoField"
