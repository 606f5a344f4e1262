"""Application configuration of clearing."""

from django.apps import AppConfig


class ClearingConfig(AppConfig):
    """Trades, obligations, cycles, ledger, settlement and invoices."""

    name = "clearing"
    label = "clearing"
    default_auto_field = "django.db.models.BigAutoField"
