"""Finds what applications declare, by the names of their modules."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings

NO_ROOMS = {"migrations", "management", "templatetags", "__pycache__"}


def import_declarations(*names: str) -> None:
    """Import the modules ``names`` of the market's applications and of their rooms, the packages inside them."""
    for config in map(
        apps.get_app_config, (name.rpartition(".")[2] for name in settings.MARKET_APPLICATIONS)
    ):
        folders = sorted(path for path in Path(config.path).iterdir() if (path / "__init__.py").is_file())
        packages = [
            config.name,
            *(f"{config.name}.{path.name}" for path in folders if path.name not in NO_ROOMS),
        ]
        for package in packages:
            for name in names:
                if find_spec(f"{package}.{name}") is not None:
                    import_module(f"{package}.{name}")
