"""Errors of participants."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotAdmitted(DomainError):
    """The organisation is not admitted to the segment in this capacity. Fields: ``segment, capacity``."""

    code = "not_admitted"
    category = Category.FORBIDDEN
    detail = Label(
        "You need an admission as {capacity} in the segment {segment}. Apply for one first.",
        "分野 {segment} への {capacity} としての参加承認が必要です。先に申請してください。",
    )


class NeverATrader(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "never_a_trader"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator of the market or its affiliate, so it cannot be a buyer or seller of data.",
        "{organisation} は市場の運営者またはその関係会社のため、データの提供者にも利用者にもなれません。",
    )


class HasAdmissions(DomainError):
    """An organisation with admissions cannot be an affiliate of the operator. Fields: ``organisation``."""

    code = "has_admissions"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has admissions or applications. Withdraw them before you declare it an affiliate.",
        "{organisation} には参加承認または申請があります。関係会社とする前に取り下げてください。",
    )


class CorporateNumberTaken(DomainError):
    """Another organisation has this corporate number. Fields: ``corporate_number``."""

    code = "corporate_number_taken"
    category = Category.CONFLICT
    field = "corporate_number"
    detail = Label(
        "An organisation with the corporate number {corporate_number} is already registered.",
        "法人番号 {corporate_number} の組織は既に登録されています。",
    )


class InvoiceNumberTaken(DomainError):
    """Another organisation has this registration number. Fields: ``invoice_registration_number``."""

    code = "invoice_number_taken"
    category = Category.CONFLICT
    field = "invoice_registration_number"
    detail = Label(
        "An organisation with the registration number {invoice_registration_number} is already registered.",
        "登録番号 {invoice_registration_number} の組織は既に登録されています。",
    )


class OperatorExists(DomainError):
    """The market already has its one operator."""

    code = "operator_known"
    category = Category.CONFLICT
    field = "is_operator"
    detail = Label("The market already has an operator.", "この市場には既に運営者が登録されています。")


class OperatorStays(DomainError):
    """The operator's own organisation cannot be suspended."""

    code = "operator_stays"
    category = Category.CONFLICT
    detail = Label("The operator cannot be suspended.", "運営者自身を停止することはできません。")


class EmailTaken(DomainError):
    """The e-mail address belongs to another account."""

    code = "email_taken"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "This e-mail address is already in use. Use another one.",
        "このメールアドレスは既に使われています。別のアドレスを指定してください。",
    )


class NotAMember(DomainError):
    """The person does not belong to the organisation that the request names."""

    code = "not_a_member"
    category = Category.FORBIDDEN
    field = "Sanpo-Organisation"
    detail = Label(
        "You are not a member of the organisation that the header Sanpo-Organisation names.",
        "Sanpo-Organisation ヘッダーで指定された組織の構成員ではありません。",
    )


class OrganisationNeeded(DomainError):
    """The person belongs to several organisations and names none. Fields: ``organisations``."""

    code = "organisation_needed"
    category = Category.FORBIDDEN
    field = "Sanpo-Organisation"
    detail = Label(
        "You belong to several organisations. Name the one that you act for in the header Sanpo-Organisation.",
        "複数の組織に所属しています。Sanpo-Organisation ヘッダーで組織を指定してください。",
    )


class SegmentExists(DomainError):
    """A segment with this code exists. Fields: ``segment``."""

    code = "segment_known"
    category = Category.CONFLICT
    field = "code"
    detail = Label("The segment {segment} already exists.", "分野 {segment} は既に開設されています。")


class AdmissionExists(DomainError):
    """An admission or application for this segment and capacity exists. Fields: ``admission, segment, capacity``."""

    code = "admission_held"
    category = Category.CONFLICT
    detail = Label(
        "You already have the application or admission {admission} as {capacity} in {segment}.",
        "分野 {segment} の {capacity} としての申請または参加承認 {admission} が既にあります。",
    )


class PayoutChangeUnderWay(DomainError):
    """Another change of the payout account waits. Fields: ``change``."""

    code = "payout_change_under_way"
    category = Category.CONFLICT
    detail = Label(
        "The change {change} of your payout account is under way. Wait until it is used, or stop it first.",
        "振込先口座の変更 {change} が手続中です。適用されるまで待つか、先に中止してください。",
    )


class AccountInUse(DomainError):
    """The account is in use, so nothing would change, and it is not stopped."""

    code = "account_in_use"
    category = Category.CONFLICT
    field = "payout_account"
    detail = Label(
        "This account is in use already. State another one to change it.",
        "この口座は既に使用中です。変更する場合は別の口座を指定してください。",
    )


class ColleagueConfirms(DomainError):
    """The participant has several people, so one of them confirms, not the operator's staff. Fields: ``organisation``."""

    code = "colleague_confirms"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has several people: another of them confirms its payout account, with a role that allows it.",
        "{organisation} には複数の構成員がいます。権限のある別の構成員が振込先口座を確認してください。",
    )


class HolderDiffers(DomainError):
    """The account of a participant of one person must be its own."""

    code = "holder_differs"
    category = Category.INVALID
    field = "payout_account.account_holder_kana"
    detail = Label(
        "The account holder must be your organisation's name in katakana or Latin letters, as it is on record, because"
        " nobody else of your organisation can confirm the account.",
        "確認できる構成員がほかにいないため、口座名義は登録されている組織の名称（カナまたは英字）と一致する必要があります。",
    )


class SuspensionStands(DomainError):
    """A suspension of this kind stands already, by the same document. Fields: ``suspension``."""

    code = "suspension_stands"
    category = Category.CONFLICT
    detail = Label(
        "The suspension {suspension} of this kind stands already, by the same document.",
        "同じ種類・同じ文書による停止 {suspension} が既に有効です。",
    )


class NotInInsolvency(DomainError):
    """A trustee acts only in insolvency proceedings. Fields: ``organisation``."""

    code = "not_in_insolvency"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} is not suspended for insolvency. Suspend it first, with the number of the court's order.",
        "{organisation} は倒産手続による停止中ではありません。先に裁判所の決定番号を付して停止してください。",
    )


class BelongsToOperator(DomainError):
    """Who belongs to the operator belongs to nobody else."""

    code = "belongs_to_operator"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "This person belongs to the operator, so it acts for no participant.",
        "この人は運営者の構成員のため、参加者のために手続を行うことはできません。",
    )


class NothingChanges(DomainError):
    """The facts stated are those on record."""

    code = "nothing_changes"
    category = Category.CONFLICT
    field = "facts"
    detail = Label(
        "These facts are on record already. State what is different.",
        "指定された内容は既に登録されています。変更する項目を指定してください。",
    )
