"""No moment of an append-only row is taken on trust: a guard compares it with the clock, or somebody states it."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import models

from marketplace.kernel.guards import APPEND_ONLY, DATED_NOW

DATING = {DATED_NOW, "entry_booked_now", "stamped_as_noted"}


def test_every_moment_of_an_append_only_row_is_dated():
    undated = {}
    for model in apps.get_models():
        triggers = {trigger.name: trigger for trigger in getattr(model._meta, "triggers", ())}
        if APPEND_ONLY not in triggers:
            continue
        dating = " ".join(str(triggers[name].func) for name in DATING & set(triggers))
        named = set(re.findall(r"\w+", dating))
        moments = {
            field.name for field in model._meta.concrete_fields if isinstance(field, models.DateTimeField)
        }
        if missing := moments - named:
            undated[model._meta.label] = missing
    assert undated == {}
