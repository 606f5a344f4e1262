"""Application configuration of evidence."""

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The market's own record, against which everything else can be checked."""

    name = "marketplace.evidence"
    label = "evidence"
    default_auto_field = "django.db.models.BigAutoField"
