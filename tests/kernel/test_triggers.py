"""The registry of triggers knows what pgtrigger's own would read, and refuses the same."""

from __future__ import annotations

import pgtrigger
import pytest
from django.db.models import Model
from pgtrigger import Trigger, registry

from marketplace.kernel.models import Clock
from marketplace.kernel.triggers import IndexedRegistry

KEY = "kernel.Clock:probe"


class OfOneFunction(Trigger):
    """Triggers whose functions have the same name, as those of two long names might."""

    def get_pgid(self, model: type[Model]) -> str:
        """The name of the function."""
        return "pgtrigger_one"


def trigger(name: str = "probe") -> Trigger:
    return OfOneFunction(name=name, when=pgtrigger.Before, operation=pgtrigger.Update, func="RETURN NEW;")


@pytest.fixture
def indexed(monkeypatch) -> IndexedRegistry:
    """A registry with a trigger in the place of the market's; the model keeps the triggers that it has."""
    monkeypatch.setattr(Clock._meta, "triggers", [], raising=False)
    monkeypatch.setattr(Clock._meta, "original_attrs", dict(Clock._meta.original_attrs))
    made = IndexedRegistry()
    monkeypatch.setattr(registry, "_registry", made)
    made[KEY] = (Clock, trigger())
    return made


def test_the_market_registers_by_it_and_its_names_are_those_that_pgtrigger_reads():
    held, theirs = registry._registry, registry._Registry
    assert isinstance(held, IndexedRegistry)
    assert len(held) > 100
    assert held.pg_function_names == theirs.pg_function_names.fget(held)
    assert held.by_db_table == theirs.by_db_table.fget(held)


def test_a_name_of_another_trigger_is_refused(indexed):
    with pytest.raises(KeyError, match="already used"):
        indexed[KEY] = (Clock, trigger())
    assert len(indexed) == 1


def test_a_function_of_another_trigger_is_refused(indexed):
    with pytest.raises(KeyError, match="already in use"):
        indexed["kernel.Clock:other"] = (Clock, trigger("other"))
    assert list(indexed) == [KEY]


def test_what_is_forgotten_can_be_registered_again(indexed):
    del indexed[KEY]
    assert (indexed.by_db_table, indexed.pg_function_names) == ({}, set())
    indexed[KEY] = (Clock, trigger())
    assert list(indexed) == [KEY]
