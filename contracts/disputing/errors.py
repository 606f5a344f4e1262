"""Errors of disputes."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class DisputeLate(DomainError):
    """The days in which the buyer may still dispute what was accepted are over, or its contract gives none. Fields: ``agreement, days``."""

    code = "dispute_late"
    category = Category.CONFLICT
    detail = Label(
        "What was accepted under {agreement} can be disputed for {days} days after its acceptance. Propose an ending or an adjustment to the seller.",
        "{agreement} の検収済みの提供に異議を申し立てられるのは、検収から{days}日間です。提供者に合意解除などを提案してください。",
    )


class StatementLate(DomainError):
    """The time to state is over, or it is not the side's turn. Fields: ``dispute, until`` (empty where nothing is to be stated)."""

    code = "statement_late"
    category = Category.CONFLICT
    detail = Label(
        "Nothing more is stated in {dispute} by your side now ({until}). Its mediator decides on what stands.",
        "{dispute} について現在提出できる書面はありません（{until}）。提出済みの資料により判断されます。",
    )


class AlreadyStated(DomainError):
    """The side has given this statement. Fields: ``dispute, kind``."""

    code = "already_stated"
    category = Category.CONFLICT
    detail = Label(
        "Your side has given its {kind} in {dispute} already; each is given once.",
        "{dispute} の{kind}は提出済みです（各一回）。",
    )


class TooManyFiles(DomainError):
    """The side has handed in as many files as it may. Fields: ``dispute, files_max``."""

    code = "too_many_files"
    category = Category.CONFLICT
    field = "file"
    detail = Label(
        "Each side of {dispute} hands in {files_max} files at most.",
        "{dispute} に提出できるファイルは各当事者{files_max}件までです。",
    )


class SettlementOpen(DomainError):
    """A settlement is proposed already. Fields: ``dispute, settlement``."""

    code = "settlement_open"
    category = Category.CONFLICT
    detail = Label(
        "{settlement} in {dispute} is open. Answer it, or wait until it lapses.",
        "{dispute} には回答待ちの和解案 {settlement} があります。回答するか、期限の経過をお待ちください。",
    )


class NoSettlement(DomainError):
    """No settlement waits for the caller's answer. Fields: ``dispute``."""

    code = "no_settlement"
    category = Category.CONFLICT
    detail = Label(
        "No settlement in {dispute} waits for your answer.",
        "{dispute} に回答待ちの和解案はありません。",
    )


class NotHeard(DomainError):
    """The other side has not answered, and may still. Fields: ``dispute, answer_by``."""

    code = "not_heard"
    category = Category.CONFLICT
    field = "outcome"
    detail = Label(
        "The other side of {dispute} may answer until {answer_by}. Decide after its answer or its time; only a dismissal need not wait.",
        "{dispute} の相手方の答弁期限は {answer_by} です。答弁または期限の経過後に判断してください（棄却は待つ必要がありません）。",
    )


class NotItsMediator(DomainError):
    """The dispute has no mediator, or another one. Fields: ``dispute, mediator`` (empty without one)."""

    code = "not_its_mediator"
    category = Category.CONFLICT
    detail = Label(
        "{dispute} is decided by its mediator ({mediator}). Assign one first: disputes/{dispute}/assign-mediator/.",
        "{dispute} は調停担当者（{mediator}）が判断します。未定の場合は先に指名してください（disputes/{dispute}/assign-mediator/）。",
    )


class CannotMediate(DomainError):
    """The person may not mediate this dispute. Fields: ``dispute, person, why`` (a label)."""

    code = "cannot_mediate"
    category = Category.CONFLICT
    field = "person"
    detail = Label(
        "{person} cannot mediate {dispute}: {why}. Name another person.",
        "{person} は {dispute} を担当できません（{why}）。別の担当者を指名してください。",
    )


class NoMediatorToObject(DomainError):
    """The dispute has no mediator, or the side has objected once. Fields: ``dispute``."""

    code = "no_mediator_to_object"
    category = Category.CONFLICT
    detail = Label(
        "{dispute} has no mediator, or your side has objected to one already; each side objects once.",
        "{dispute} に調停担当者がいないか、忌避の申出は済んでいます（各当事者一回）。",
    )


class NoMediatorToRelieve(DomainError):
    """The dispute has no mediator. Fields: ``dispute``."""

    code = "no_mediator_to_relieve"
    category = Category.CONFLICT
    detail = Label(
        "{dispute} has no mediator who could be relieved. Assign one: disputes/{dispute}/assign-mediator/.",
        "{dispute} には調停担当者がいません。指名してください（disputes/{dispute}/assign-mediator/）。",
    )


class NotToBeEnded(DomainError):
    """The dispute has no such remedy that people were asked to carry out. Fields: ``dispute, kind``."""

    code = "remedy_not_asked"
    category = Category.CONFLICT
    field = "kind"
    detail = Label(
        "{dispute} has no open remedy {kind} that people were asked to carry out. A remedy whose day has not come is carried out by the market.",
        "{dispute} には担当者の対応を求めている未了の措置 {kind} がありません。期限前の措置は市場が実施します。",
    )


class OtherDisputeFirst(DomainError):
    """A dispute that holds money is open over the same agreement. Fields: ``agreement, dispute``."""

    code = "other_dispute_first"
    category = Category.CONFLICT
    field = "outcome"
    detail = Label(
        "{dispute}, which holds money, is open over {agreement}. Decide it first: this outcome ends the agreement.",
        "{agreement} には代金を確保している異議 {dispute} があります。この結果は契約を終了させるため、先にそちらを判断してください。",
    )


class RemedyImpossible(DomainError):
    """The outcome cannot be carried out here. Fields: ``dispute, why`` (a label)."""

    code = "remedy_impossible"
    category = Category.CONFLICT
    field = "outcome"
    detail = Label(
        "This cannot be carried out for {dispute}: {why}. Choose another outcome.",
        "{dispute} についてこの結果は実施できません（{why}）。別の結果を選んでください。",
    )


class DisputedBefore(DomainError):
    """The buyer disputed this delivery after its acceptance before, for the same reason. Fields: ``agreement, dispute``."""

    code = "disputed_before"
    category = Category.CONFLICT
    detail = Label(
        "The dispute {dispute} over {agreement} had this reason, and has ended. What was accepted is disputed once for each reason.",
        "{agreement} については同じ理由の異議 {dispute} が既に終了しています。検収後の異議は、理由ごとに一度だけ申し立てられます。",
    )
