"""Application configuration of rules."""

from django.apps import AppConfig
from django.core.checks import register

from marketplace.kernel.discovery import import_declarations

from .points import check_providers


class RulesConfig(AppConfig):
    """Rulebooks, facts, decisions, halts and neutrality."""

    name = "marketplace.rules"
    label = "rules"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every ``facts`` and ``neutrality``, so that the registers of fact providers and of contributions to
        neutrality bundles are complete, and register a check."""
        import_declarations("facts", "neutrality")
        register(check_providers)
