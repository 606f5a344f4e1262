"""Application configuration of contracts."""

from django.apps import AppConfig

from marketplace.kernel.discovery import import_declarations


class ContractsConfig(AppConfig):
    """Contract templates, negotiations, agreements, disputes and adjustments."""

    name = "contracts"
    label = "contracts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every ``lost_time``, so that whoever serves data tells what was given back."""
        import_declarations("lost_time")
