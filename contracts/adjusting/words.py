"""What an adjustment clause did, in words of both languages. Pure."""

from __future__ import annotations

from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money

FIRED = {
    "index": Label(
        "Charge {charge}: by its index clause {before} became {after}, without tax.",
        "課金{charge}：指数条項により {before} を {after}（税抜）とした。",
    ),
    "quality": Label(
        "Charge {charge}: by its quality clause {before} became {after}, without tax.",
        "課金{charge}：品質条項により {before} を {after}（税抜）とした。",
    ),
    "late": Label(
        "Charge {charge}: by a value of its index that was entered after it began {before} became {after}, without tax; settled with the next charge,"
        " or at the end of the last period.",
        "課金{charge}：開始後に登録された指数の値により {before} を {after}（税抜）とし、差額を次の課金とともに（最後の期間はその満了時に）精算した。",
    ),
    "volume": Label(
        "Charge {charge}: by its volume clause {before} became {after}, without tax.",
        "課金{charge}：利用量条項により {before} を {after}（税抜）とした。",
    ),
}

UNFED = Label(
    "Enter the value of the index {index}: agreements in force adjust prices by it, and it has none as of a day after {since}",
    "指数 {index} の値の登録（有効な契約の価格調整に用いる指数に、{since} より後の日の値がありません）",
)


def words_of(kind: str, *, charge: int, before_minor: int, after_minor: int, currency: str) -> Label:
    """The sentence about what a clause of a kind did to the price of a charge."""
    amounts = {"before": Money(before_minor, currency), "after": Money(after_minor, currency)}
    said = {name: Label(amount.format("en"), amount.format("ja")) for name, amount in amounts.items()}
    return FIRED[kind].fill({"charge": charge, **said})
