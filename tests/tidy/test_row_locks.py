"""No service locks rows of a table that the application's role may not change: PostgreSQL refuses such a lock."""

from __future__ import annotations

import re

from django.apps import apps

from tests.tidy.test_shape import APPLICATIONS, PROJECT, sources

LOCKED = re.compile(r"(\w+)\.objects\.select_for_update")


def append_only_models() -> set[str]:
    return {
        model.__name__
        for model in apps.get_models()
        if any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ()))
    }


def test_no_row_of_an_append_only_table_is_locked():
    locked = {
        name: str(path.relative_to(PROJECT))
        for path in sources(*APPLICATIONS)
        for name in LOCKED.findall(path.read_text(encoding="utf-8"))
    }
    assert {"Trade", "Cycle", "SettlementInstruction"} <= set(locked)
    assert {"BankEntry", "IntermediaryNotice"} <= append_only_models()
    assert {name: path for name, path in locked.items() if name in append_only_models()} == {}
