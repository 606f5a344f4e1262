"""No service locks rows of a table that the application's role may not change: PostgreSQL refuses such a lock."""

from __future__ import annotations

import re

from django.apps import apps

from tests.tidy.test_shape import APPLICATIONS, PROJECT, sources

LOCKED = re.compile(r"(\w+)\.objects\.select_for_update")


def append_only_models() -> set[tuple[str, str]]:
    """Package and name; a name may stand for another thing in another application."""
    return {
        (model.__module__.partition(".")[0], model.__name__)
        for model in apps.get_models()
        if any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ()))
    }


def test_no_row_of_an_append_only_table_is_locked():
    locked = {
        (path.relative_to(PROJECT).parts[0], name): str(path.relative_to(PROJECT))
        for path in sources(*APPLICATIONS)
        for name in LOCKED.findall(path.read_text(encoding="utf-8"))
    }
    assert {("clearing", "Trade"), ("clearing", "Cycle"), ("clearing", "SettlementInstruction")} <= set(
        locked
    )
    assert {("clearing", "BankEntry"), ("clearing", "IntermediaryNotice")} <= append_only_models()
    assert {place: path for place, path in locked.items() if place in append_only_models()} == {}
