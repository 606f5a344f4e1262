"""Refusals of shortfalls."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ClaimOutstanding(DomainError):
    """The participant still owes what the reserve lent it. Fields: ``organisation, claim_minor, currency``."""

    code = "claim_outstanding"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} still owes the market {claim_minor} {currency}; collect it or write it off first.",
        "{organisation} には立替金 {claim_minor} {currency} が残っています。先に回収または貸倒処理をしてください。",
    )
