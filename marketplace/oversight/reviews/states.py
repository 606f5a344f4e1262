"""What the surveillance notices, and what a review comes to. Pure."""

from __future__ import annotations

from typing import Final

from django.db.models import TextChoices

from marketplace.kernel.labels import Label

REASON_LENGTH_MAX: Final = 2_000
SEALED_DAYS_MAX: Final = 90
"""A review is kept from its parties for so many days at most, by two people."""


ENDED_BY: Final = ("buyer", "seller", "system")
"""Who ends a negotiation that the surveillance counts: a party, or the market when its deadline passes. Not the operator."""


class Detector(TextChoices):
    """What is noticed about agreements, about negotiations that come to none, and about refused downloads."""

    BACK_AND_FORTH = (
        "back_and_forth",
        Label("the same two trade back and forth", "同じ二者間の往復取引"),
    )
    PRICE = "price", Label("a price far out of its segment's range", "分野の水準から大きく外れた価格")
    RELATED = (
        "related",
        Label("the parties state the same address or representative", "当事者の住所・代表者の一致"),
    )
    BROKEN_OFF = (
        "broken_off",
        Label("the same two negotiate again and again without agreement", "同じ二者間の不成立交渉の繰返し"),
    )
    REFUSED = (
        "refused",
        Label(
            "downloads asked for again and again without access", "アクセス停止後のダウンロード要求の繰返し"
        ),
    )


class Outcome(TextChoices):
    """What a person found. Whatever follows is a decision of its own, with its own rules."""

    NO_CONCERN = "no_concern", Label("no concern", "問題なし")
    EXPLAINED = "explained", Label("explained by the parties", "当事者の説明により解消")
    PASSED_ON = "passed_on", Label("passed on to those who decide", "判断する担当へ引継ぎ")
