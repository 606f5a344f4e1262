"""Application configuration of the kernel."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    """Loads the invariants and state machines that each application declares."""

    name = "marketplace.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the ``states`` and ``invariants`` modules of every application, which fill the registers."""
        autodiscover_modules("states", "invariants")
