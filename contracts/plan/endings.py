"""Every way in which an agreement, access, a delivery or a dispute can end, and what then happens. One table, pure.

A new reason of ``TerminationReason``, ``DisputeOutcome``, delivery's ``EndedReason`` or of the last states of its
inspections needs its row here: the tests compare them.
"""

from __future__ import annotations

from dataclasses import dataclass

from listings.ending import RefundRule, is_divisible
from listings.rights import Rights
from listings.states import Charging
from marketplace.kernel.labels import Label

from ..ending.states import EndingGround
from ..terms import Terms
from .model import Ending

SURVIVING = ("onward_transfer", "reidentification", "confidential", "report_use", "accept_audit")
"""What the rights prohibit or demand and what goes on after the end."""


@dataclass(frozen=True, slots=True)
class EndRule:
    """What happens when something ends for a reason; ``copies`` ``at_end`` follows what the rights say of deletion, ``money`` ``by_notice``
    what the terms say of an end by notice, ``by_law`` whether days of the price can be told; after an early end it follows how the price
    is charged.

    Money, access and copies are codes with a sentence each in ``words``."""

    of: str
    reason: str
    label: Label
    money: str
    access: str
    copies: str

    def ending(self, terms: Terms) -> Ending:
        """The ending in a plan of these terms."""
        rights, money, copies = terms.rights, self.money, self.copies
        if copies == "at_end":
            copies = "deleted" if rights.delete_at_end else "stopped"
        if self.reason in EndingGround.values and self.of == "agreement":
            money = _after_early_end(money, terms)
        return Ending(
            of=self.of,
            reason=self.reason,
            money=money,
            access=self.access,
            copies=copies,
            duties=() if self.access != "closed" or copies == "none" else surviving(rights),
        )


ENDINGS = (
    EndRule(
        "agreement", "payment_failed", Label("the price was not paid in", "代金の未入金"),
        "undelivered_returned", "closed", "deleted",
    ),
    EndRule(
        "agreement", "refunded", Label("the price was returned to the buyer", "代金の返金"),
        "returned", "closed", "deleted",
    ),
    EndRule("agreement", "mutual", Label("agreed by both parties", "合意解除"), "as_confirmed", "closed", "at_end"),
    EndRule(
        "agreement", "convenience", Label("notice under the contract", "契約に定める解約の通知"),
        "by_notice", "closed", "at_end",
    ),
    EndRule(
        "agreement", "seller_breach",
        Label("the seller's breach, as a dispute decided", "提供者の違反（異議の裁定）"),
        "returned", "closed", "deleted",
    ),
    EndRule("agreement", "law", Label("required by law", "法令に基づく終了"), "by_law", "closed", "at_end"),
    EndRule(
        "agreement", "buyer_breach",
        Label("the buyer's breach, as a dispute decided", "利用者の違反（異議の裁定）"),
        "undelivered_returned", "closed", "deleted",
    ),
    EndRule(
        "agreement", "settled", Label("a dispute was settled so", "異議の和解による終了"), "as_confirmed", "closed", "at_end",
    ),
    EndRule(
        "access", "expired", Label("the term of access ended", "期間満了"),
        "as_accepted", "closed", "at_end",
    ),
    EndRule(
        "access", "refunded", Label("the price was returned to the buyer", "返金"),
        "returned", "closed", "deleted",
    ),
    EndRule(
        "access", "terminated", Label("the agreement was terminated", "契約の解除"),
        "undelivered_returned", "closed", "deleted",
    ),
    EndRule(
        "access", "not_collected", Label("the buyer never downloaded it", "未受領による終了"),
        "returned", "closed", "none",
    ),
    EndRule("delivery", "accepted", Label("accepted", "検収済み"), "released", "open", "kept"),
    EndRule("delivery", "repeated", Label("delivered again", "再提供"), "held", "reopened", "kept"),
    EndRule("delivery", "undone", Label("cancelled", "取消し"), "undelivered_returned", "closed", "deleted"),
    EndRule(
        "dispute", "dismissed", Label("dismissed; the data counts as accepted", "棄却（検収済みとみなす）"),
        "released", "open", "kept",
    ),
    EndRule(
        "dispute", "redelivery", Label("the data is delivered again", "再提供"),
        "held", "reopened", "kept",
    ),
    EndRule(
        "dispute", "withdrawn",
        Label("ended without a remedy; the data counts as accepted", "救済なく終了（検収済みとみなす）"),
        "released", "open", "kept",
    ),
    EndRule(
        "dispute", "refund", Label("cancelled; the price is returned", "取消し・返金"),
        "whole_returned", "closed", "deleted",
    ),
    EndRule("dispute", "reduction", Label("the price is reduced", "代金の減額"), "reduced", "open", "kept"),
    EndRule("dispute", "payment", Label("the buyer pays in addition", "利用者による追加の支払"), "added", "open", "kept"),
    EndRule("dispute", "termination", Label("the agreement is terminated", "契約の解除"), "by_claimant", "closed", "deleted"),
    EndRule(
        "dispute", "stop_of_use", Label("access is suspended and the use stops", "提供の停止・利用の停止"),
        "as_before", "suspended", "stopped",
    ),
)  # fmt: skip
"""In the order in which they are told."""

LABELS = {(rule.of, rule.reason): rule.label for rule in ENDINGS}


def _after_early_end(money: str, terms: Terms) -> str:
    """What becomes of the price after an early end: instalments of what was accepted stay due, but after a notice by the seller; and
    metered use has no days."""
    is_instalment = terms.charging.kind == Charging.INSTALMENT
    if money == "by_notice":
        money = _by_notice(terms)
        if is_instalment and money != "not_by_notice":
            return "instalments_by_notice"
    if money == "by_law":
        money = _by_law(terms)
    if money != "not_by_notice" and is_instalment:
        return "instalments_due"
    return money


def _by_notice(terms: Terms) -> str:
    """What becomes of the price after an end by notice; without one, no party ends the contract so. A notice by the seller returns by days
    what can be divided, whatever the terms say of one by the buyer."""
    if terms.ending["convenience_notice_days"] is None:
        return "not_by_notice"
    if terms.ending["refund"] == RefundRule.PRO_RATA:
        return "days_returned"
    return "days_returned_by_provider" if _by_law(terms) == "days_returned" else "nothing_returned"


def _by_law(terms: Terms) -> str:
    """What becomes of the price after an end that law requires: the days that are left, where the price is one of days."""
    is_of_days = is_divisible(terms.charging.kind) and terms.rights.has_end
    return "days_returned" if is_of_days else "nothing_returned"


def surviving(rights: Rights) -> tuple[str, ...]:
    """Which of the rights' prohibitions and duties go on after the end."""
    chosen = rights.as_dict()
    return tuple(name for name in SURVIVING if chosen[name] is True or chosen[name] == "prohibited")
