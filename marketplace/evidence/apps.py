"""Application configuration of evidence."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The evidence log of the market."""

    name = "marketplace.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
