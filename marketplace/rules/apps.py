"""Application configuration of rules."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class RulesConfig(AppConfig):
    """Rulebooks, facts, decisions, halts and neutrality."""

    name = "marketplace.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the ``facts`` module of every application, which fills the register of fact providers."""
        autodiscover_modules("facts")
