"""What is asked of the desk, and how it answers. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label

TEXT_LENGTH_MAX: Final = 4_000
SUBJECT_LENGTH_MAX: Final = 60
APPROVED_WITHIN: Final = timedelta(hours=24)
UNANSWERED_MAX: Final = 20
"""So many questions of one participant wait for an answer at most."""


class Matter(TextChoices):
    """What the participant means to do."""

    PUBLIC_BODY = (
        "public_body",
        Label("make anonymised data of a public body", "行政機関等匿名加工情報の作成"),
    )
    SPECIAL_CARE = (
        "special_care",
        Label("handle special-care personal information", "要配慮個人情報の取扱い"),
    )
    ANONYMISE = "anonymise", Label("make anonymised data", "匿名加工情報の作成")
    ABROAD = "abroad", Label("provide personal data abroad", "個人データの外国への提供")
    OTHER = "other", Label("another matter", "その他")


class Answer(TextChoices):
    """What the operator holds of it."""

    POSSIBLE = "possible", Label("possible under the rulebook", "規程上可能")
    CONDITIONAL = "conditional", Label("possible on conditions", "条件付きで可能")
    NOT_POSSIBLE = "not_possible", Label("not possible under the rulebook", "規程上不可")
    NO_VIEW = "no_view", Label("outside what the operator can say", "運営者の判断の対象外")
