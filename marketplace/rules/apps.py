"""Application configuration of rules."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import autodiscover_modules

from .points import check_providers


class RulesConfig(AppConfig):
    """Verifies at start-up that every fact provider that a rule point names is registered."""

    name = "marketplace.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every application's ``facts`` so that the register of fact providers is complete, and register its check."""
        autodiscover_modules("facts")
        register(check_providers)
