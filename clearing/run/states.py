"""Enumerations of running cycles. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class OverdueReason(TextChoices):
    """Why a cycle is overdue. Each reason belongs to different states, so at most one holds at a time."""

    NOT_CLOSED = (
        "not_closed",
        Label("its cut-off has passed and it is still open", "締切を過ぎても受付中です"),
    )
    SLOW = "slow", Label("its steps take too long", "処理に時間がかかっています")
    PAST_VALUE_DATE = (
        "past_value_date",
        Label("its value date has passed and it is not settled", "振込日を過ぎても決済が完了していません"),
    )
