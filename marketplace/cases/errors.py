"""Errors of cases and appeals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AppealTooLate(DomainError):
    """The days within which this can be appealed are over. Fields: ``subject``, ``until``."""

    code = "appeal_too_late"
    category = Category.CONFLICT
    detail = Label(
        "{subject} could be appealed until {until}. If new facts came to light, ask the operator's desk.",
        "{subject} への不服申立ての期間は {until} に終了しました。新たな事実がある場合は運営者の窓口にご相談ください。",
    )


class AlreadyAppealed(DomainError):
    """The organisation has appealed this already. Fields: ``subject``, ``case``."""

    code = "already_appealed"
    category = Category.CONFLICT
    detail = Label(
        "{subject} was appealed already in {case}. What is decided there is final.",
        "{subject} については {case} で不服申立て済みです。その判断が最終となります。",
    )


class NothingToAppeal(DomainError):
    """This was not decided against the organisation. Fields: ``subject``."""

    code = "nothing_to_appeal"
    field = "subject"
    detail = Label(
        "{subject} holds nothing up and refuses nothing, or its case decides it. Name a decision of hold or deny, a case decided"
        " against you, or a suspension.",
        "{subject} は不利益な判断ではないか、案件として審査中です。保留・拒否の判定、不利に判断された案件、または停止を指定してください。",
    )


class DecidedFirst(DomainError):
    """Who decided what is appealed does not decide the appeal. Fields: ``case``, ``subject``."""

    code = "decided_first"
    category = Category.FORBIDDEN
    detail = Label(
        "You decided {subject}, or an appeal of it, so you do not decide {case}. Let two colleagues decide.",
        "あなたは {subject} の判断に関与したため、{case} の判断はできません。ほかの担当者二名が判断してください。",
    )


class NothingToCarryOut(DomainError):
    """The case is no appeal that changed the first decision, or was carried out already. Fields: ``case``."""

    code = "nothing_to_carry_out"
    category = Category.CONFLICT
    detail = Label(
        "{case} changed no decision, or was carried out already.",
        "{case} は原判断を変更していないか、既に実施済みです。",
    )


class StillSuspended(DomainError):
    """The suspension that an appeal ends still stands. Fields: ``case``, ``suspension``."""

    code = "still_suspended"
    category = Category.CONFLICT
    detail = Label(
        "{suspension} still stands. Reinstate the participant as two people, then state that {case} was carried out.",
        "停止 {suspension} は解除されていません。二名で取引停止を解除してから、{case} の実施を記録してください。",
    )


class StillAffiliated(DomainError):
    """The relation that an appeal ends still stands. Fields: ``case``, ``relation``."""

    code = "still_affiliated"
    category = Category.CONFLICT
    detail = Label(
        "{relation} still stands. End the relation as two people, then state that {case} was carried out.",
        "関係 {relation} は終了していません。二名で関係を終了してから、{case} の実施を記録してください。",
    )


class TurnStands(DomainError):
    """The same turn is published already. Fields: ``turn``."""

    code = "turn_stands"
    category = Category.CONFLICT
    detail = Label(
        "{turn} says the same already. Withdraw it first to state another turn.",
        "同じ内容の当番 {turn} が既に公表されています。変更する場合は先に取り下げてください。",
    )


class TurnOver(DomainError):
    """The turn was withdrawn, or is over. Fields: ``turn``."""

    code = "turn_over"
    category = Category.CONFLICT
    detail = Label(
        "{turn} was withdrawn or is over. Publish another one.",
        "当番 {turn} は取り下げられたか、既に終了しています。新たに公表してください。",
    )
