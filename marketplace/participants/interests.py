"""Interests of the operator's staff and relations between organisations: their kinds. Pure."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class InterestKind(TextChoices):
    """How a person of the operator's staff is related to an organisation."""

    EMPLOYMENT = (
        "employment",
        Label("employed there, or was within two years", "雇用関係（過去2年以内を含む）"),
    )
    OFFICE = "office", Label("an officer or adviser there", "役員・顧問")
    HOLDING = "holding", Label("holds shares or other rights in it", "株式その他の持分の保有")
    FAMILY = "family", Label("close family works for or owns it", "近親者の勤務・保有")
    BUSINESS = "business", Label("does business with it", "取引関係")
    OTHER = "other", Label("another interest", "その他の利害関係")
