"""Kinds of processes, and what was told of an alarm."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class ProcessKind(TextChoices):
    """The kind of a process that records heartbeats."""

    WORKER = "worker", Label("worker", "ワーカー")
    BEAT = "beat", Label("scheduler", "スケジューラー")


class Told(TextChoices):
    """What a channel has been told of an alarm."""

    NOTHING = "nothing", Label("nothing", "未通知")
    START = "start", Label("that it was raised", "発生を通知済み")
    END = "end", Label("that it has ended", "終了を通知済み")
