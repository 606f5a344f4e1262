"""Application configuration of the kernel."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    """Finds what each application declares: its invariants and its state machines."""

    name = "marketplace.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every application's ``states`` and ``invariants`` so that the registers are complete."""
        autodiscover_modules("states", "invariants")
