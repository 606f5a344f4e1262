"""Refusals of shortfalls."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ClaimOutstanding(DomainError):
    """A claim on the participant is still open. Fields: ``organisation, claim_minor, currency``."""

    code = "claim_outstanding"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} still owes the market {claim_minor} {currency}; collect the claim or write it off first.",
        "{organisation} には求償債権 {claim_minor} {currency} が残っています。先に回収または貸倒処理をしてください。",
    )


class RestraintLifted(DomainError):
    """The restraint of set-off was lifted before. Fields: ``restraint``."""

    code = "restraint_lifted"
    category = Category.CONFLICT
    detail = Label("{restraint} was lifted before.", "{restraint} はすでに解除されています。")
