"""Kinds of processes."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class ProcessKind(TextChoices):
    """The kind of a process that records heartbeats."""

    WORKER = "worker", Label("worker", "ワーカー")
    BEAT = "beat", Label("scheduler", "スケジューラー")
