"""What follows from settling a dispute so: money with its tax, access and copies. Pure.

Both sides read it before one accepts, and the command repeats its digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money as Amount
from marketplace.kernel.money import share_of

from ..plan import Plan
from ..plan.words import ACCESS, COPIES, MONEY
from ..states import DisputeOutcome, label_of

AMOUNT = Label(
    "Amount: {amount} and {tax} tax, {total} in all.", "金額: {amount}と消費税等{tax}、合計{total}。"
)
DAMAGES = Label(
    "Recorded only, and paid outside the market: {damages}.",
    "市場外で支払われる金額（記録のみ）: {damages}。",
)
FOLLOWS = Label("{outcome}: {money}; {access}; {copies}.", "{outcome}: {money}。{access}。{copies}。")


def consequences_of(
    *,
    dispute: str,
    agreement: str,
    content: Mapping[str, Any],
    plan: Plan,
    outcome: str,
    amount_minor: int | None,
    damages_minor: int | None,
    returned_minor: int,
) -> dict[str, Any]:
    """The consequences in JSON types, amounts in minor units.

    ``content`` is the signed object; ``returned_minor`` of the price was returned before. The tax of an amount is that of all that was
    returned, less that of what was returned before, as clearing computes it; a payment in addition has its own.
    """
    rate_bp = content["tax_rate_bp"]
    before_minor = 0 if outcome == DisputeOutcome.PAYMENT else max(returned_minor, 0)
    tax_minor = share_of(before_minor + (amount_minor or 0), rate_bp) - share_of(before_minor, rate_bp)
    rule = next(each for each in plan.endings if (each.of, each.reason) == ("dispute", outcome))
    return {
        "dispute": dispute,
        "agreement": agreement,
        "outcome": outcome,
        "amount_minor": amount_minor,
        "tax_minor": tax_minor,
        "damages_minor": damages_minor,
        "currency": content["terms"]["currency"],
        "money": rule.money,
        "access": rule.access,
        "copies": rule.copies,
    }


def words_of(consequences: Mapping[str, Any]) -> dict[str, str]:
    """The consequences in words, one line each, by language."""
    return {
        language: "\n".join(line.in_language(language) for line in _lines(consequences))
        for language in ("ja", "en")
    }


def _lines(said: Mapping[str, Any]) -> list[Label]:
    def amount(minor: int) -> Label:
        money = Amount(minor, said["currency"])
        return Label(money.format("en"), money.format("ja"))

    lines = [
        FOLLOWS.fill(
            {
                "outcome": label_of(DisputeOutcome, said["outcome"]),
                "money": MONEY[said["money"]],
                "access": ACCESS[said["access"]],
                "copies": COPIES[said["copies"]],
            }
        )
    ]
    if said["amount_minor"] is not None:
        due, tax = said["amount_minor"], said["tax_minor"]
        lines.append(AMOUNT.fill({"amount": amount(due), "tax": amount(tax), "total": amount(due + tax)}))
    if said["damages_minor"] is not None:
        lines.append(DAMAGES.fill({"damages": amount(said["damages_minor"])}))
    return lines
