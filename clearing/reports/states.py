"""Lifecycles and enumerations of reports. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class LeftOutReason(TextChoices):
    """Why a trade did not enter a cycle."""

    DISPUTED = "disputed", Label("disputed at the cut-off", "締切時に異議申立て中でした")
    NOT_SECURED = "not_secured", Label("not secured at the cut-off", "締切時に資金が未確保でした")
    NOT_ACCEPTED = "not_accepted", Label("not accepted at the cut-off", "締切時に検収が未了でした")
