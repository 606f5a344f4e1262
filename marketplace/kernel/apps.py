"""Application configuration of the kernel."""

from django.apps import AppConfig

from .discovery import import_declarations


class KernelConfig(AppConfig):
    """Finds what each application declares: its invariants and its state machines."""

    name = "marketplace.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import every ``states`` and ``invariants`` so that the registers are complete."""
        import_declarations("states", "invariants")
