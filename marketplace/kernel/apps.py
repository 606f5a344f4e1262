"""Application configuration of the kernel."""

from importlib import import_module
from pathlib import Path

from django.apps import AppConfig, apps
from django.utils.module_loading import autodiscover_modules

DECLARATIONS = ("states", "invariants", "locks", "waiting")
"""Modules in which an application declares what the registers of the kernel hold."""


class KernelConfig(AppConfig):
    """Finds what each application declares: its state machines, invariants, locks and waiting reasons."""

    name = "marketplace.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the declarations of every application and of the packages inside it: the registers are complete."""
        autodiscover_modules(*DECLARATIONS)
        for config in apps.get_app_configs():
            for name in declarations_inside(config.name, Path(config.path)):
                import_module(name)


def declarations_inside(application: str, folder: Path) -> list[str]:
    """Dotted names of the declaring modules that packages inside an application have."""
    return [
        f"{application}.{path.parent.name}.{name}"
        for name in DECLARATIONS
        for path in sorted(folder.glob(f"*/{name}.py"))
    ]
