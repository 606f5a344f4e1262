"""Application configuration of contracts."""

from django.apps import AppConfig


class ContractsConfig(AppConfig):
    """Templates, negotiations, agreements and disputes."""

    name = "contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"
