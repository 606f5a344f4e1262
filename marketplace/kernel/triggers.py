"""django-pgtrigger as it is installed here: it registers hundreds of triggers in a moment.

Its registry reads every trigger again for each one that it takes, which was a third of what starting a process took.
"""

from __future__ import annotations

from typing import Any

from pgtrigger import registry
from pgtrigger.apps import PGTriggerConfig


class IndexedRegistry(registry._Registry):
    """pgtrigger's registry of triggers, which keeps what its own makes anew: the names in use. It refuses the same."""

    def __init__(self) -> None:
        """Begin without triggers."""
        self._by_table: dict[tuple[str, str], Any] = {}
        self._function_names: set[str] = set()
        super().__init__()

    @property
    def pg_function_names(self) -> set[str]:
        """The names of the functions of all triggers."""
        return self._function_names

    @property
    def by_db_table(self) -> dict[tuple[str, str], Any]:
        """The triggers by table and name."""
        return self._by_table

    def __setitem__(self, key: str, value: tuple[Any, Any]) -> None:
        """Register a trigger; raises KeyError if its name, or that of its function, is another's."""
        super().__setitem__(key, value)  # type: ignore[no-untyped-call]  # pgtrigger is untyped here
        model, trigger = value
        self._by_table[model._meta.db_table, trigger.name] = trigger
        self._function_names.add(trigger.get_pgid(model))

    def __delitem__(self, key: str) -> None:
        """Forget a trigger."""
        model, trigger = self[key]
        super().__delitem__(key)  # type: ignore[no-untyped-call]
        del self._by_table[model._meta.db_table, trigger.name]
        self._function_names.discard(trigger.get_pgid(model))


class TriggersConfig(PGTriggerConfig):
    """pgtrigger's application with the registry above. Named in ``INSTALLED_APPS``."""

    def ready(self) -> None:
        """Register the triggers of all models, and what else pgtrigger does."""
        indexed = IndexedRegistry()
        indexed.update(registry._registry)
        registry._registry = indexed
        super().ready()  # type: ignore[no-untyped-call]
