"""What contracts refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class OwnListing(DomainError):
    """Nobody buys from itself. Fields: ``listing``."""

    code = "own_listing"
    category = Category.CONFLICT
    detail = Label(
        "{listing} is your own listing; buyer and seller are two organisations.",
        "{listing} は自組織の出品です。提供者と利用者は別の組織でなければなりません。",
    )


class ReferenceTaken(DomainError):
    """The buyer used this reference before. Fields: ``reference``."""

    code = "reference_taken"
    category = Category.CONFLICT
    field = "reference"
    detail = Label(
        "You used the reference {reference} for another negotiation; a reference is used once.",
        "注文番号 {reference} は別の交渉で使われています。番号は一度しか使えません。",
    )


class NotNegotiable(DomainError):
    """The seller offers these terms as they stand. Fields: ``listing``."""

    code = "not_negotiable"
    category = Category.CONFLICT
    field = "terms"
    detail = Label(
        "{listing} is offered on its published terms only; take or leave them.",
        "{listing} は公開された条件でのみ提供されます。条件の変更はできません。",
    )


class TermsUnsettled(DomainError):
    """A purpose of use is still to be agreed. Fields: ``negotiation``."""

    code = "terms_unsettled"
    category = Category.CONFLICT
    field = "terms.rights.purposes"
    detail = Label(
        "A purpose of use in {negotiation} is still to be agreed; propose one before signing.",
        "{negotiation} の利用目的が未定です。署名の前に利用目的を提案してください。",
    )


class NegotiationExpired(DomainError):
    """The time to answer is over. Fields: ``negotiation, respond_by``."""

    code = "negotiation_expired"
    category = Category.CONFLICT
    detail = Label(
        "{negotiation} waited for an answer until {respond_by}; begin a new negotiation.",
        "{negotiation} の回答期限（{respond_by}）は過ぎました。新しい交渉を始めてください。",
    )


class SignedSomethingElse(DomainError):
    """The hash that the party means to sign is not that of the contract. Fields: ``negotiation, signed_hash``."""

    code = "signed_something_else"
    category = Category.CONFLICT
    field = "signed_hash"
    detail = Label(
        "The contract of {negotiation} has the hash {signed_hash} now; read it again and sign that.",
        "{negotiation} の契約書の現在のハッシュ値は {signed_hash} です。読み直してから署名してください。",
    )


class ConclusionRefused(DomainError):
    """The market's rules do not let the agreement be concluded. Fields: ``negotiation, outcome, reasons``.

    ``reasons`` are ``{"rule", "outcome", "text": {"ja", "en"}}`` each, as the rule layer gave them. The decision
    stays on record, so that a refusal can be replayed like any other.
    """

    code = "conclusion_refused"
    is_recorded = True
    category = Category.CONFLICT
    detail = Label(
        "{negotiation} cannot be concluded: {words_en}", "{negotiation} は締結できません: {words_ja}"
    )

    def __init__(self, *, negotiation: str, outcome: str, reasons: Sequence[dict[str, Any]]) -> None:
        """Say every reason in both languages."""
        super().__init__(
            negotiation=negotiation,
            outcome=outcome,
            reasons=list(reasons),
            words_en=" ".join(reason["text"]["en"] for reason in reasons),
            words_ja="".join(reason["text"]["ja"] for reason in reasons),
        )
        del self.fields["words_en"], self.fields["words_ja"]


class AgreementEnded(DomainError):
    """The agreement is no longer in force. Fields: ``agreement``."""

    code = "agreement_ended"
    category = Category.CONFLICT
    detail = Label("{agreement} is no longer in force.", "{agreement} は終了しています。")


class DisputeKnown(DomainError):
    """A dispute over the agreement is open already. Fields: ``agreement, dispute``."""

    code = "dispute_known"
    category = Category.CONFLICT
    detail = Label(
        "{dispute} over {agreement} is open; wait for its outcome.",
        "{agreement} には審理中の異議 {dispute} があります。結果をお待ちください。",
    )


class NotAParty(DomainError):
    """The organisation is not a party of the agreement. Fields: ``agreement, organisation``."""

    code = "not_a_party"
    field = "debtor"
    detail = Label(
        "{organisation} is no party of {agreement}; name its buyer or its seller.",
        "{organisation} は {agreement} の当事者ではありません。提供者または利用者を指定してください。",
    )


class PricePassed(DomainError):
    """The seller cannot give back more than the price. Fields: ``agreement, remaining_minor``."""

    code = "price_passed"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "Of the price of {agreement}, {remaining_minor} can still be given back.",
        "{agreement} の対価のうち、返還できる残額は {remaining_minor} です。",
    )
