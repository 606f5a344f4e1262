"""Application configuration of listings."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from marketplace.kernel.discovery import import_declarations


class ListingsConfig(AppConfig):
    """Listings, their versions, offers, rights of use, and the catalogue."""

    name = "listings"
    label = "listings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the ``catalogue`` module of every application, which registers contributors to the catalogue graph, and every
        ``onward``, so that whoever delivers data tells what is not passed on."""
        autodiscover_modules("catalogue")
        import_declarations("onward")
