"""Imports the modules in which applications and their rooms declare entries of the registers."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings


def import_declarations(*names: str) -> None:
    """Import the modules ``names`` of the market's installed applications and of their rooms, the packages inside them."""
    ours = set(settings.MARKET_APPLICATIONS)
    for config in apps.get_app_configs():
        if config.name not in ours:
            continue
        for module in declaring_modules(config.name, Path(config.path), names):
            import_module(module)


def declaring_modules(application: str, folder: Path, names: tuple[str, ...]) -> list[str]:
    """Dotted names of the modules called one of ``names`` in an application's folder and one level inside it."""
    found = (
        path.relative_to(folder).with_suffix("")
        for name in names
        for path in (*folder.glob(f"{name}.py"), *folder.glob(f"*/{name}.py"))
        if path.parent == folder or (path.parent / "__init__.py").is_file()
    )
    return sorted(".".join((application, *path.parts)) for path in found)
