"""Tasks and notices in the API."""

from __future__ import annotations

from typing import cast

from rest_framework import serializers

from marketplace.api.serializers import BilingualField
from marketplace.kernel.labels import Label
from marketplace.kernel.models import AsideRow

from .models import Notice, Task
from .states import TaskKind, TaskState


class TaskSerializer(serializers.ModelSerializer[Task]):
    """A task of the caller's organisation."""

    id = serializers.CharField(source="public_id")
    title = BilingualField()
    kind_label = serializers.SerializerMethodField()
    state_label = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = (
            "id",
            "kind",
            "kind_label",
            "subject",
            "title",
            "deadline",
            "state",
            "state_label",
            "opened_at",
            "closed_at",
        )

    def get_kind_label(self, row: Task) -> dict[str, str]:
        """The label of the kind."""
        return cast(Label, TaskKind(row.kind).label).as_dict()

    def get_state_label(self, row: Task) -> dict[str, str]:
        """The label of the state."""
        return cast(Label, TaskState(row.state).label).as_dict()


class NoticeSerializer(serializers.ModelSerializer[Notice]):
    """A notice to the caller's organisation."""

    id = serializers.CharField(source="public_id")
    title = BilingualField()
    body = BilingualField()

    class Meta:
        model = Notice
        fields = ("id", "subject", "title", "body", "told_at", "read_at")


class AsideRowSerializer(serializers.ModelSerializer[AsideRow]):
    """A row that a loop could not process: ``loop`` and ``subject`` name it, ``error`` is what it last failed with.

    It is tried again at ``next_at``, null if nobody tries it again; ``ended_at`` is when it was processed after all.
    """

    id = serializers.CharField(source="public_id")

    class Meta:
        model = AsideRow
        fields = ("id", "loop", "subject", "error", "failures", "since", "next_at", "ended_at")
