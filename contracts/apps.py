"""Application configuration of contracts."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """Contract templates, negotiations, agreements, disputes and adjustments."""

    name = "contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
