"""Application configuration of the kernel."""

from django.apps import AppConfig

from .discovery import import_declarations

DECLARATIONS = ("states", "invariants", "locks", "waiting", "metrics")
"""Modules in which an application, or a room of it, declares what the registers of the kernel hold."""


class KernelConfig(AppConfig):
    """Registers the state machines, invariants, locks, waiting reasons and gauges that applications declare."""

    name = "marketplace.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the declarations of every application, so that the registers are complete."""
        import_declarations(*DECLARATIONS)
