"""The clauses and templates that come with the market: ``provision.yaml``, ``added.yaml`` and ``types.yaml``, and ``templates.yaml``.

The items of provision, creation and sharing are those that the METI contract guidelines on utilization of AI and data
(AI・データの利用に関する契約ガイドライン 1.1) name for each type; the wording is the market's own.
"""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent


def standard_clauses() -> list[dict[str, Any]]:
    """The clauses, as ``publish_clause`` takes them."""
    return copy.deepcopy(
        [clause for name in ("provision", "added", "types") for clause in _read(f"{name}.yaml")]
    )


def standard_templates() -> list[dict[str, Any]]:
    """The templates, as ``publish_template`` takes them."""
    return copy.deepcopy(_read("templates.yaml"))


@cache
def _read(name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = yaml.safe_load((_FOLDER / name).read_text(encoding="utf-8"))
    return listed
