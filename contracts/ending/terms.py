"""The words of the term ``ending`` (``listings.ending``): whether a party may end the contract by notice, and what then comes back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from listings.ending import NO_ENDING, RefundRule
from marketplace.kernel.labels import Label

HEADING = Label("End before the term", "中途終了")
_BY_NOTICE = Label(
    "Either party may end this contract by notice through the Market at least {days} days before its last day; the day of the notice is not counted."
    " Access ends at the end of the last day (Japan time).",
    "各当事者は、最終日の{days}日前まで（通知の日は算入しない）に本市場を通じて通知することにより、本契約を中途で解約することができる。提供は最終日の24時（日本時間）に終了する。",
)
_NO_NOTICE = Label(
    "Neither party may end this contract by notice before its term.",
    "いずれの当事者も、通知により本契約を中途で解約することはできない。",
)
_REFUND = {
    RefundRule.PRO_RATA: Label(
        "After such a notice the price that was paid in advance, as clauses of this contract have adjusted it by then, is returned for the days of the term after the last day, and for days of access that were lost before, rounded down to a whole unit, with its tax.",
        "この場合、前払いの対価（その時までに本契約の調整条項により調整された額）は、最終日の翌日以降の残日数および失われた利用日数に応じて日割り計算（端数切捨て）し、その消費税等とともに返還する。",
    ),
    RefundRule.NONE: Label(
        "After such a notice nothing of the price is returned.", "この場合、対価は返還しない。"
    ),
}
_BY_PROVIDER = Label(
    "After a notice of the Provider, however, a price for days is always returned by the days after the last day, with its tax, and of instalments none falls due after the last day.",
    "ただし、提供者による通知の場合は、日割りのできる対価は常に最終日の翌日以降の残日数に応じて消費税等とともに返還し、分割払いの対価は最終日の翌日以後に履行期が到来しない。",
)
_ALWAYS = Label(
    "Both parties may end it at any time by agreement, with the consequences that the Market shows them. What was not received as a whole when it ends is not paid, as far as the plan says nothing else of a price by periods; what was received is inspected to the end of its period, and paid once it is accepted.",
    "両当事者は、本市場が示す効果を確認のうえ、いつでも合意により本契約を終了させることができる。終了の時に全部が受領されていない提供の対価は、期間ごとの対価について履行の計画に別段の定めがある場合を除き、支払われない。受領済みの提供は検査期間の満了まで検査に付され、検収されたときに対価が支払われる。",
)


def ending_text(terms: Mapping[str, Any], language: str) -> str:
    """The section of the contract about its end before the term, with its heading."""
    ending = {**NO_ENDING, **terms.get("ending", {})}
    days = ending["convenience_notice_days"]
    parts = (
        [_NO_NOTICE] if days is None else [_BY_NOTICE, _REFUND[RefundRule(ending["refund"])], _BY_PROVIDER]
    )
    gap = "" if language == "ja" else " "
    body = gap.join(part.in_language(language) for part in (*parts, _ALWAYS))
    return f"## {HEADING.in_language(language)}\n\n{body.replace('{days}', str(days))}"
