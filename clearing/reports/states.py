"""Lifecycles and enumerations of reports. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class LeftOutReason(TextChoices):
    """Why a trade did not enter a cycle."""

    HELD = "held", Label("held: a complaint was open", "保留: 異議の申立て中でした")
    NOT_SECURED = "not_secured", Label("carried: its money was not secured", "繰越: 代金が未確保でした")
    NOT_ACCEPTED = "not_accepted", Label("carried: its delivery was not accepted", "繰越: 検収が未了でした")
