"""Application configuration of approvals."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Commands that one person of an organisation gave and another must give too."""

    name = "marketplace.approvals"
    label = "approvals"
    default_auto_field = "django.db.models.BigAutoField"
