"""Application configuration of rules."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RulesConfig(AppConfig):
    """Rulebook, facts, decisions and neutrality."""

    name = "marketplace.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every application's ``facts`` so that the register of fact providers is complete."""
        autodiscover_modules("facts")
