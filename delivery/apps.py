"""Application configuration of delivery."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """Entitlements, downloads, receipts and inspections."""

    name = "delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
