"""Jobs in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.api.principal import principal_of
from marketplace.api.serializers import StrictSerializer

from .kinds import KINDS
from .models import Job


class JobProgressSerializer(serializers.Serializer[Any]):
    """How much of a job is done: units done, and in total; ``total`` is null while it is not known."""

    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job: what it is about, its state and its progress."""

    id = serializers.CharField(source="public_id")
    title = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = (
            "id", "kind", "title", "queue", "subject", "organisation", "state", "attempts", "progress", "created_at",
            "due_at", "ended_at", "error",
        )  # fmt: skip

    @extend_schema_field(
        {"type": "object", "properties": {"ja": {"type": "string"}, "en": {"type": "string"}}}
    )
    def get_title(self, job: Job) -> dict[str, str]:
        """What the job does, in both languages."""
        kind = KINDS.get(job.kind)
        return kind.label.as_dict() if kind else {"ja": job.kind, "en": job.kind}

    def get_error(self, job: Job) -> str | None:
        """The reason of the last failure, for the operator only: it may name internals."""
        request = self.context.get("request")
        return job.error if request is not None and principal_of(request).is_operator else None

    @extend_schema_field(JobProgressSerializer)
    def get_progress(self, job: Job) -> dict[str, int | None]:
        """How much is done."""
        return {"done": job.progress_done, "total": job.progress_total or None}


class AbandonInput(StrictSerializer):
    """Why a parked job is given up."""

    reason = serializers.CharField(max_length=500)
