"""Application configuration of listings."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ListingsConfig(AppConfig):
    """Datasets, versions, offers, rights and the catalogue."""

    name = "listings"
    label = "listings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every application's ``catalogue`` so that all contribute to the catalogue graph."""
        autodiscover_modules("catalogue")
