"""Operations of a migration that follow each other are applied together, so that models are rendered once for all of them.

Django renders a model and those around it anew after each operation, which takes most of the time of migrating an empty
database. What is sent to the database, and in which order, does not change.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import Migration
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, AlterField, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from pgtrigger.migrations import AddTrigger, RemoveTrigger

KINDS: dict[type[Operation], str] = {
    CreateModel: "models",
    AddField: "fields",
    AlterField: "changed fields",
    AddIndex: "options",
    AddConstraint: "options",
    AddTrigger: "options",
    RemoveTrigger: "options",
}
"""What may be applied together: operations of one kind need nothing of each other, unless they change one thing twice."""
TRIGGERS = (AddTrigger, RemoveTrigger)
"""A model is not rendered for its triggers: no operation looks for them there."""


class Together(Operation):
    """Operations of one kind, of which each does in the database what it does by itself."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        """``operations``: in the order in which they stand in their migration."""
        self.operations = operations

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change the state by every operation, and render the models that they name once."""
        rendered = state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)
        if rendered is not None:
            state.__dict__["apps"] = rendered
            # As Django's own operations do: what may make a relation renders all that is related, the others their model.
            delay = not isinstance(self.operations[0], CreateModel | AddField | AlterField)
            changed = {model_of(each) for each in self.operations if not isinstance(each, TRIGGERS)}
            if changed:
                state.reload_models([(app_label, name) for name in sorted(changed)], delay=delay)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Change the database by one operation after the other."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)


def model_of(operation: Operation) -> str:
    """The name of the model that an operation of ``KINDS`` makes or adds to, in small letters."""
    name: str = operation.name if isinstance(operation, CreateModel) else operation.model_name  # type: ignore[attr-defined]
    return name.lower()


def group_operations(migration: Migration) -> None:
    """Group the operations of a migration that is applied in one transaction."""
    if migration.atomic:
        # As Django itself does in a migration's constructor; the list belongs to this plan alone.
        migration.operations = grouped(migration.operations)  # type: ignore[misc]


def grouped(operations: Sequence[Operation]) -> list[Operation]:
    """The same operations in the same order, those of one kind that follow each other as one."""
    together: list[Operation] = []
    for kind, group in itertools.groupby(operations, key=lambda each: KINDS.get(type(each))):
        run = list(group)
        saves = len(run) > 1 or isinstance(run[0], TRIGGERS)
        together += [Together(run)] if kind and saves and not change_twice(run) else run
    return together


def change_twice(operations: Sequence[Operation]) -> bool:
    """Whether two of these operations change the same field, or one removes a trigger that one before it adds."""
    changed = [(model_of(each), each.name) for each in operations if isinstance(each, AlterField)]
    added: set[tuple[str, str]] = set()
    for each in operations:
        if isinstance(each, AddTrigger):
            added.add((model_of(each), str(each.trigger.name)))
        elif isinstance(each, RemoveTrigger) and (model_of(each), each.name) in added:
            return True
    return len(set(changed)) < len(changed)
