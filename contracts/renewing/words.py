"""What is said of a renewal in both languages: in the contract, in its plan, and where terms are compared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.labels import Label

from .states import RenewalKind

HEADING = Label("Renewal", "更新")
CLAUSE = {
    RenewalKind.AUTOMATIC.value: Label(
        "At the end of its term this contract is renewed for {months} months, and so again, {times_max} times in all at most, on the terms and at the price"
        " a period then in force, unless either party gives notice through the Market, at least {notice_days} days before the last day of the term, that it does not"
        " renew. No reason is needed. The Market reminds both parties before that. It records each renewal as the next version of this contract, which it signs by"
        " this clause in place of the parties. It does not renew where the end of this contract is scheduled, the Data was withdrawn, a party is not admitted to"
        " trade, or the rules of the Market do not let it pass.",
        "本契約は、いずれの当事者も期間の最終日の{notice_days}日前までに本市場を通じて更新しない旨を通知しないときは、期間満了の時にその時点の条件および期間ごとの対価により{months}か月更新され、"
        "以後も同様とする（更新は通算{times_max}回を限度とする）。通知に理由は要しない。本市場はその前に両当事者に通知する。本市場は、更新ごとに本契約の次の版を作成し、"
        "当事者に代わり本条に基づいて署名する。本契約の終了が予定されているとき、対象データの出品が取り下げられたとき、当事者が取引を認められていないとき、または本市場の規程により認められないときは、更新しない。",
    ),
    RenewalKind.BY_AGREEMENT.value: Label(
        "This contract is renewed only by an amendment that both parties sign. The Market reminds both parties {notice_days} days before the end of its term.",
        "本契約は、両当事者が署名する変更契約によってのみ更新される。本市場は、期間満了の{notice_days}日前に両当事者に通知する。",
    ),
}
PLANNED = {
    RenewalKind.AUTOMATIC.value: Label(
        "Renewal: unless a party refuses it, access goes on at the end of the term for {months} months, and as many further charges of the same price fall due in the"
        " same rhythm; {times_max} times in all at most.",
        "更新：いずれの当事者も拒絶しないときは、期間満了後もアクセスは{months}か月続き、その期間分の同額の課金の履行期が従前の間隔で到来する（通算{times_max}回まで）。",
    ),
    RenewalKind.BY_AGREEMENT.value: Label(
        "Renewal: only by an amendment that both sign; otherwise access and charges end with the term.",
        "更新：双方が署名する変更契約による。これがないときは、アクセスおよび課金は期間満了により終わる。",
    ),
}
VALUE = {
    RenewalKind.AUTOMATIC.value: Label(
        "{months} months at a time, {times_max} times at most, refused at least {notice_days} days before the last day",
        "{months}か月ずつ、最大{times_max}回（拒絶は最終日の{notice_days}日前まで）",
    ),
    RenewalKind.BY_AGREEMENT.value: Label(
        "if both agree; a reminder {notice_days} days before the end",
        "合意による（期間満了の{notice_days}日前に通知）",
    ),
}
NONE = Label("none", "なし")
RECORDED = Label(
    "The parties do not sign this version: they signed its clause on renewal in the version before, neither gave notice in time, and the Market made and signed it by that clause.",
    "本版には当事者は署名しない。両当事者が署名した直前の版の更新の条項に基づき、期限までに通知がなかったため、本市場が作成し署名した。",
)


def renewal_text(terms: Mapping[str, Any], language: str) -> str:
    """The section of the contract about its renewal, with its heading; nothing where it ends with its term."""
    renewal = terms.get("renewal")
    if renewal is None:
        return ""
    said = CLAUSE[renewal["kind"]].in_language(language).format(**renewal)
    return f"\n\n## {HEADING.in_language(language)}\n\n{said}"


def renewal_value(renewal: Mapping[str, Any] | None) -> Label:
    """The term in a few words."""
    return NONE if renewal is None else VALUE[renewal["kind"]].fill(dict(renewal))


def planned_renewal(renewal: Mapping[str, Any]) -> Label:
    """What the plan says of it."""
    return PLANNED[renewal["kind"]].fill(dict(renewal))
