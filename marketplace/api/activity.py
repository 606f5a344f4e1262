"""The register of what is a participant's: each kind with the route that shows it and the columns that say whose it is.

Applications declare their kinds in ``activity.py``. The records of a participant's activity hold what these routes show to its
owner, so nothing stands in them that the API withholds. Each table with a column of an organisation is covered by a kind, or
excepted with a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from marketplace.kernel.actors import Actor

ACTIVITY: dict[str, ActivityRecords] = {}
EXCEPTED: dict[str, str] = {}
"""Tables that no kind covers, and why."""
CHUNK = 500


@dataclass(frozen=True)
class ActivityRecords:
    """Rows of one kind, as a view set shows them.

    ``view``: its dotted name. ``tables``: what its rows show. ``keys``, ``names`` and ``lists``: columns that say whose a row
    is, by database keys, by public identifiers, and lists of these; they are asked beside the view's own scope.
    """

    kind: str
    view: str
    tables: tuple[str, ...]
    keys: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Register the kind; raises ValueError if its name is taken or it does not say whose its rows are."""
        if self.kind in ACTIVITY or not (self.keys or self.names or self.lists):
            raise ValueError(f"activity records {self.kind} are declared twice, or are nobody's")
        ACTIVITY[self.kind] = self

    def chunks(self, actor: Actor, **context: Any) -> Iterator[list[Any]]:
        """The rows of the actor's organisation as the API shows them to the actor, a few at a time, the oldest first.

        ``context``: what serializers are told beside what the view tells them.
        """
        view = _view_for(self.view, actor)
        rows = view.get_queryset().filter(self._whose(actor))
        serializer, last = view.get_serializer_class(), 0
        context = {**view.get_serializer_context(), **context}
        while chunk := _chunk(rows, last):
            last = chunk[-1].pk
            yield list(serializer(chunk, many=True, context=context).data)

    def _whose(self, actor: Actor) -> Q:
        own, name = actor.require_organisation(), actor.organisation
        whose = Q()
        for column in self.keys:
            whose |= Q(**{column: own})
        for column in self.names:
            whose |= Q(**{column: name})
        for column in self.lists:
            whose |= Q(**{f"{column}__contains": [name]})
        return whose


def no_activity(table: str, why: str) -> None:
    """Except a table from the records, with the reason."""
    EXCEPTED[table] = why


def _chunk(rows: QuerySet[Any], last: int) -> list[Any]:
    found = rows.filter(pk__gt=last).order_by("pk")[:CHUNK]
    return list({row.pk: row for row in found}.values())


def _view_for(name: str, actor: Actor) -> Any:
    """The view set of a dotted name, as it stands while it answers the actor's list."""
    request = SimpleNamespace(
        user=SimpleNamespace(actor=actor, is_authenticated=True, is_operator=False, pk=actor.identifier),
        method="GET",
        query_params={},
        headers={},
        path="",
        build_absolute_uri=lambda path="": path,
    )
    return import_string(name)(action="list", args=(), kwargs={}, format_kwarg=None, request=request)
