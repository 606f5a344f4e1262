"""Lifecycles and enumerations of the bank's entries. Pure; other applications may import them."""

from __future__ import annotations

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class BankDirection(TextChoices):
    """Seen from the market's account: ``credit`` comes in, ``debit`` goes out."""

    CREDIT = "credit", Label("in", "入金")
    DEBIT = "debit", Label("out", "出金")


class BankMatch(TextChoices):
    """What a line of the bank's statement was recognised as."""

    PAY_IN = "pay_in", Label("paid in by a participant", "参加者の入金")
    RESERVE = "reserve", Label("paid into the reserve by the operator", "運営者による準備金の入金")
    SETTLEMENT = "settlement", Label("settlement payment confirmed", "決済の確認")
    RETURNED = "returned", Label("settlement payment returned", "決済の組戻し")
    UNALLOCATED = "unallocated", Label("not recognised", "未照合")
