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


class OrganisationSuspended(DomainError):
    """A suspended organisation cannot make new agreements. Fields: ``organisation``."""

    code = "organisation_suspended"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is suspended and cannot make new agreements. Its obligations remain.",
        "{organisation} は取引停止中のため、新たな契約はできません。既存の債務は存続します。",
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
