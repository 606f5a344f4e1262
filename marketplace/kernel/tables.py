"""Tables by the guards that their models declare."""

from __future__ import annotations

from django.apps import apps


def tables_guarded_by(trigger_name: str) -> list[str]:
    """The tables whose models declare a trigger of this name, sorted."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models()
        if any(trigger.name == trigger_name for trigger in getattr(model._meta, "triggers", []))
    )
