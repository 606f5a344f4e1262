"""Errors of contracts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class OwnListing(DomainError):
    """Buyer and seller are the same organisation. Fields: ``listing``."""

    code = "own_listing"
    category = Category.CONFLICT
    detail = Label(
        "{listing} is your own listing. Buyer and seller must be two organisations.",
        "{listing} は自組織の出品です。提供者と利用者は別の組織でなければなりません。",
    )


class ReferenceTaken(DomainError):
    """The buyer already used this reference. Fields: ``reference``."""

    code = "reference_taken"
    category = Category.CONFLICT
    field = "reference"
    detail = Label(
        "You already used the reference {reference} for another negotiation. Use another one.",
        "注文番号 {reference} は別の交渉で使われています。別の番号を指定してください。",
    )


class NotNegotiable(DomainError):
    """The terms of the listing cannot be negotiated. Fields: ``listing``."""

    code = "not_negotiable"
    category = Category.CONFLICT
    field = "terms"
    detail = Label(
        "{listing} is offered only on its published terms, which cannot be changed.",
        "{listing} は公開された条件でのみ提供されます。条件の変更はできません。",
    )


class PurposeNotAgreed(DomainError):
    """A purpose of use is still to be agreed. Fields: ``negotiation``."""

    code = "terms_unsettled"
    category = Category.CONFLICT
    field = "terms.rights.purposes"
    detail = Label(
        "The purpose of use in {negotiation} is still to be agreed. Propose one before signing.",
        "{negotiation} の利用目的が未定です。署名の前に利用目的を提案してください。",
    )


class NegotiationExpired(DomainError):
    """The time to answer has passed. Fields: ``negotiation, respond_by``."""

    code = "negotiation_expired"
    category = Category.CONFLICT
    detail = Label(
        "The time to answer in {negotiation} ended at {respond_by}. Request a new negotiation.",
        "{negotiation} の回答期限（{respond_by}）は過ぎました。新しい交渉を始めてください。",
    )


class ListingWithdrawn(DomainError):
    """The listing was withdrawn, so nothing more is agreed over it. Fields: ``negotiation, listing``."""

    code = "listing_withdrawn"
    category = Category.CONFLICT
    detail = Label(
        "{listing} was withdrawn, so {negotiation} cannot be concluded any more. Look for another listing.",
        "{listing} は取り下げられたため、{negotiation} はもう締結できません。別の出品をお探しください。",
    )


class OtherNotAdmitted(DomainError):
    """The other party may not trade in the segment any more. Fields: ``negotiation, segment, capacity``."""

    code = "other_not_admitted"
    category = Category.CONFLICT
    detail = Label(
        "The other party is not admitted to the segment {segment} as {capacity} any more, so {negotiation} does not go on. Wait until it"
        " is admitted again, or terminate it.",
        "相手方の分野 {segment} への {capacity} としての参加承認が失効しているため、{negotiation} は進められません。"
        "再承認を待つか、交渉を終了してください。",
    )


class ProposalOpen(DomainError):
    """The signed proposal is open until its date; until then it is withdrawn only on a reserved ground. Fields: ``negotiation, open_until``."""

    code = "proposal_open"
    category = Category.CONFLICT
    field = "reason_code"
    detail = Label(
        "Your signed proposal in {negotiation} is open until {open_until}. Until then it is withdrawn only for leak_feared or legal_ban, with a"
        " reason, or by withdrawing the listing.",
        "署名済みの提案（{negotiation}）は {open_until} まで有効です。それまでの撤回は leak_feared または legal_ban（理由を記入）か、出品の取下げに限られます。",
    )


class SignedHashMismatch(DomainError):
    """The hash given by the party is not that of the contract. Fields: ``negotiation, signed_hash``."""

    code = "signed_something_else"
    category = Category.CONFLICT
    field = "signed_hash"
    detail = Label(
        "The current hash of the contract of {negotiation} is {signed_hash}. Read the contract again, then sign it.",
        "{negotiation} の契約書の現在のハッシュ値は {signed_hash} です。契約書を再度確認してから署名してください。",
    )


class ConclusionRefused(DomainError):
    """The rules do not allow the agreement. Fields: ``negotiation, outcome, reasons``.

    ``reasons`` are ``{"rule", "outcome", "text": {"ja", "en"}}`` each. The decision is recorded, so that a refusal can
    be replayed too.
    """

    code = "conclusion_refused"
    is_recorded = True
    category = Category.CONFLICT
    detail = Label(
        "{negotiation} cannot be concluded: {words_en}", "{negotiation} は締結できません: {words_ja}"
    )

    def __init__(
        self, *, negotiation: str, outcome: str, reasons: Sequence[dict[str, Any]], **case: str
    ) -> None:
        """The message contains every reason, in both languages."""
        super().__init__(
            negotiation=negotiation,
            outcome=outcome,
            reasons=list(reasons),
            words_en=" ".join(reason["text"]["en"] for reason in reasons),
            words_ja="".join(reason["text"]["ja"] for reason in reasons),
            **case,
        )
        del self.fields["words_en"], self.fields["words_ja"]


class ConclusionHeld(ConclusionRefused):
    """The rules put the conclusion on hold, which two people of the operator decide. Fields besides: ``case``, ``decide_by``."""

    code = "conclusion_held"
    detail = Label(
        "{negotiation} is on hold: {words_en} Two people of the operator decide {case} by {decide_by}. Sign again when it was allowed.",
        "{negotiation} は保留です: {words_ja} 運営者の担当者二名が {decide_by} までに案件 {case} を判断します。許可された後、改めて署名してください。",
    )


class ExclusivelyGranted(DomainError):
    """An agreement in force grants the listing exclusively, so nothing else is agreed over it. Fields: ``listing``."""

    code = "exclusively_granted"
    category = Category.CONFLICT
    field = "listing"
    detail = Label(
        "{listing} is granted exclusively. Nothing else is agreed over it until that agreement ends: look for another listing, or wait.",
        "{listing} は独占的に許諾されています。その契約が終了するまで他の契約はできません。別の出品を探すか、終了をお待ちください。",
    )


class GrantedToOthers(DomainError):
    """Agreements over the listing are in force, so it cannot be granted exclusively. Fields: ``listing``."""

    code = "granted_to_others"
    category = Category.CONFLICT
    field = "terms.rights.exclusive"
    detail = Label(
        "{listing} is granted to others. Propose it without exclusive, or wait until their agreements end.",
        "{listing} は他の利用者に許諾されています。独占なし（exclusive: false）で提案するか、それらの契約の終了をお待ちください。",
    )


class AgreementEnded(DomainError):
    """The agreement is no longer in force. Fields: ``agreement``."""

    code = "agreement_ended"
    category = Category.CONFLICT
    detail = Label("{agreement} is no longer in force.", "{agreement} は終了しています。")


class NoNoticeAgreed(DomainError):
    """The contract lets nobody end it by notice. Fields: ``agreement``."""

    code = "no_notice_agreed"
    category = Category.CONFLICT
    field = "ground"
    detail = Label(
        "{agreement} cannot be ended by notice: its terms allow none. Propose to end it by agreement of both (mutual).",
        "{agreement} の契約条件に中途解約の定めがないため、通知では終了できません。合意解除（mutual）を提案してください。",
    )


class ConsequencesChanged(DomainError):
    """The digest is not that of the consequences as they stand. Fields: ``agreement``."""

    code = "consequences_changed"
    category = Category.CONFLICT
    field = "digest"
    detail = Label(
        "The consequences of ending {agreement} are others than those that you confirm. Read them again (agreements/{agreement}/ending/), then confirm"
        " them; propose anew what was proposed before.",
        "{agreement} を終了した場合の効果が、確認されたものと異なります。再度確認し（agreements/{agreement}/ending/）、改めて確定または提案してください。",
    )


class EndingOpen(DomainError):
    """Something that would end the agreement is open. Fields: ``agreement, ending``."""

    code = "ending_open"
    category = Category.CONFLICT
    detail = Label(
        "{ending}, which would end {agreement}, is open. Answer or withdraw it first; what is scheduled stands.",
        "{agreement} には手続中の {ending} があります。先に回答または撤回してください（予定された終了は変更できません）。",
    )


class EndingOver(DomainError):
    """The time to answer a proposed ending has passed. Fields: ``ending``."""

    code = "ending_over"
    category = Category.CONFLICT
    detail = Label(
        "The time to answer {ending} has passed. Propose another last day.",
        "{ending} の回答期限は過ぎました。別の最終日で改めて提案してください。",
    )


class DisputeAlreadyOpen(DomainError):
    """A dispute over the agreement is already open. Fields: ``agreement, dispute``."""

    code = "dispute_known"
    category = Category.CONFLICT
    detail = Label(
        "The dispute {dispute} over {agreement} is already open. Wait for its outcome.",
        "{agreement} には審理中の異議 {dispute} があります。結果をお待ちください。",
    )


class NotAParty(DomainError):
    """The organisation is not a party of the agreement. Fields: ``agreement, organisation``."""

    code = "not_a_party"
    field = "debtor"
    detail = Label(
        "{organisation} is not a party of {agreement}. Specify its buyer or its seller.",
        "{organisation} は {agreement} の当事者ではありません。提供者または利用者を指定してください。",
    )


class PriceExceeded(DomainError):
    """The seller cannot return more than the price. Fields: ``agreement, remaining_minor``."""

    code = "price_passed"
    category = Category.CONFLICT
    field = "amount_minor"
    detail = Label(
        "The amount exceeds the part of the price of {agreement} that can still be returned: {remaining_minor}.",
        "{agreement} の対価のうち返金できる残額 {remaining_minor} を超えています。",
    )


class SignatureRefused(DomainError):
    """A party's own signature does not verify. Fields: ``negotiation, fault``."""

    code = "signature_refused"
    field = "signature"
    detail = Label(
        "The signature is refused: {fault}. Sign what negotiations/{negotiation}/to-sign/ returns.",
        "署名を検証できません（{fault}）。negotiations/{negotiation}/to-sign/ の内容に署名してください。",
    )


class KeyNotLive(DomainError):
    """The signature names no live key of the party. Fields: ``kid``."""

    code = "key_not_live"
    category = Category.CONFLICT
    field = "signature"
    detail = Label(
        "Your organisation has no live key {kid}. Register it, or sign with another one.",
        "有効な鍵 {kid} は登録されていません。登録するか、別の鍵で署名してください。",
    )


class SignatureLevelUnmet(DomainError):
    """The terms demand that each party signs with its own key (``signature_level``). Fields: ``negotiation``."""

    code = "signature_level_unmet"
    category = Category.CONFLICT
    field = "signature"
    detail = Label(
        "The terms of {negotiation} demand that you sign with your organisation's own key. Register one (organisation-keys/), sign what"
        " negotiations/{negotiation}/to-sign/ gives, and send that to submit-signature/; or propose another signature_level.",
        "{negotiation} の取引条件は、自組織の鍵による署名を求めています。鍵を登録し（organisation-keys/）、"
        "negotiations/{negotiation}/to-sign/ の内容に署名して submit-signature/ へ送信するか、別の signature_level を提案してください。",
    )


class MandateNeeded(DomainError):
    """A program has no mandate that is live and for the key of the signature. Fields: ``program``."""

    code = "mandate_needed"
    category = Category.CONFLICT
    field = "signature"
    detail = Label(
        "{program} has no live mandate for this key. A signatory signs one (mandates/).",
        "{program} にはこの鍵による署名の有効な委任がありません。署名権限者が委任を作成してください（mandates/）。",
    )


class OutsideMandate(DomainError):
    """The contract is outside the program's mandate. Fields: ``mandate, limit, reason`` (its label)."""

    code = "outside_mandate"
    category = Category.CONFLICT
    field = "signature"
    detail = Label(
        "The contract is outside the mandate {mandate}: {reason}. A person signs it, or a wider mandate.",
        "この契約は委任 {mandate} の範囲外です（{reason}）。担当者が署名するか、範囲の広い委任を作成してください。",
    )


class MandateEnded(DomainError):
    """The mandate is revoked already. Fields: ``mandate``."""

    code = "mandate_ended"
    category = Category.CONFLICT
    detail = Label("The mandate {mandate} was revoked already.", "委任 {mandate} は既に取り消されています。")


class TooManyNotes(DomainError):
    """The organisation has as many notes on the negotiation as it may. Fields: ``negotiation, notes_max``."""

    code = "too_many_notes"
    category = Category.CONFLICT
    detail = Label(
        "Your organisation has {notes_max} notes on {negotiation}, the most that it may. Keep further ones elsewhere.",
        "{negotiation} のメモは上限の{notes_max}件に達しています。以降は別の場所に記録してください。",
    )


class NotYourProposal(DomainError):
    """The latest proposal is not the caller's, or the other party has answered it. Fields: ``negotiation``."""

    code = "not_your_proposal"
    category = Category.CONFLICT
    detail = Label(
        "Files are attached to your own latest proposal in {negotiation}, until the other party answers it. Make a proposal first.",
        "ファイルを添付できるのは、{negotiation} における自組織の最新の提案で、相手方が回答する前に限られます。先に提案してください。",
    )


class TooManyAttachments(DomainError):
    """The negotiation has as many files, or bytes, as it may. Fields: ``negotiation, attachments_max, megabytes_max``."""

    code = "too_many_attachments"
    category = Category.CONFLICT
    field = "file"
    detail = Label(
        "{negotiation} may have {attachments_max} files of {megabytes_max} MB together. Attach fewer or smaller ones.",
        "{negotiation} に添付できるのは{attachments_max}件、合計{megabytes_max}MBまでです。件数か大きさを減らしてください。",
    )


class DisclosureStands(DomainError):
    """The party has disclosed the messages already. Fields: ``disclosure``."""

    code = "disclosure_stands"
    category = Category.CONFLICT
    detail = Label(
        "Your organisation has disclosed these messages already ({disclosure}). Revoke that first to name another case.",
        "この交渉のメッセージは既に開示されています（{disclosure}）。別の案件で開示する場合は、先に撤回してください。",
    )


class DisclosureRevoked(DomainError):
    """The disclosure is revoked already. Fields: ``disclosure``."""

    code = "disclosure_revoked"
    category = Category.CONFLICT
    detail = Label(
        "The disclosure {disclosure} was revoked already.", "開示 {disclosure} は既に撤回されています。"
    )


class ObstructedStillOpen(DomainError):
    """Negotiations that cannot go on could not be ended. Fields: ``subject``, ``left``."""

    code = "obstructed_still_open"
    category = Category.CONFLICT
    detail = Label(
        "{left} negotiations that {subject} obstructs are still open. See why in the log of contracts.end_obstructed.",
        "{subject} により継続できない交渉が{left}件終了できていません。contracts.end_obstructed のログで原因を確認してください。",
    )
