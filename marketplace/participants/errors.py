"""What participation refuses."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class NotAdmitted(DomainError):
    """The organisation is not admitted to the segment in this capacity. Fields: ``segment, capacity``."""

    code = "not_admitted"
    category = Category.FORBIDDEN
    detail = Label(
        "This needs an admission as {capacity} in the segment {segment}; apply for one first.",
        "分野 {segment} での {capacity} としての承認が必要です。先に申請してください。",
    )


class OrganisationSuspended(DomainError):
    """A suspended organisation makes no new business. Fields: ``organisation``."""

    code = "organisation_suspended"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is suspended and makes no new business; what it owes stays.",
        "{organisation} は停止中のため新しい取引はできません。既存の義務は残ります。",
    )


class NeverATrader(DomainError):
    """The operator and its affiliates are never buyer or seller of data. Fields: ``organisation``."""

    code = "never_a_trader"
    category = Category.FORBIDDEN
    detail = Label(
        "{organisation} is the operator of the market or its affiliate, and is never buyer or seller of data.",
        "{organisation} は市場の運営者またはその関係会社のため、データの提供者にも利用者にもなれません。",
    )


class HasAdmissions(DomainError):
    """An organisation that may trade cannot belong to the operator. Fields: ``organisation``."""

    code = "has_admissions"
    category = Category.CONFLICT
    detail = Label(
        "{organisation} has admissions; they are withdrawn before it can belong to the operator.",
        "{organisation} には承認または申請があります。運営者の関係会社とする前に取り下げてください。",
    )


class CorporateNumberTaken(DomainError):
    """Another organisation has this corporate number. Fields: ``corporate_number``."""

    code = "corporate_number_taken"
    category = Category.CONFLICT
    field = "corporate_number"
    detail = Label(
        "An organisation with the corporate number {corporate_number} is registered already.",
        "法人番号 {corporate_number} の組織は既に登録されています。",
    )


class InvoiceNumberTaken(DomainError):
    """Another organisation has this registration number. Fields: ``invoice_registration_number``."""

    code = "invoice_number_taken"
    category = Category.CONFLICT
    field = "invoice_registration_number"
    detail = Label(
        "An organisation with the registration number {invoice_registration_number} is registered already.",
        "登録番号 {invoice_registration_number} の組織は既に登録されています。",
    )


class OperatorKnown(DomainError):
    """The market has an operator, and has only one."""

    code = "operator_known"
    category = Category.CONFLICT
    field = "is_operator"
    detail = Label("The market has an operator already.", "この市場には既に運営者が登録されています。")


class OperatorStays(DomainError):
    """The operator's own organisation cannot be suspended."""

    code = "operator_stays"
    category = Category.CONFLICT
    detail = Label("The operator itself cannot be suspended.", "運営者自身を停止することはできません。")


class EmailTaken(DomainError):
    """The address belongs to somebody in the market."""

    code = "email_taken"
    category = Category.CONFLICT
    field = "email"
    detail = Label(
        "This e-mail address is in use in the market; use another one.",
        "このメールアドレスは既に使われています。別のアドレスを指定してください。",
    )


class OwnerNeeded(DomainError):
    """Only an owner of the organisation does this."""

    code = "owner_needed"
    category = Category.FORBIDDEN
    detail = Label(
        "Only an owner of the organisation may do this.", "この操作は組織の代表管理者だけが実行できます。"
    )


class SegmentKnown(DomainError):
    """There is a segment with this code. Fields: ``segment``."""

    code = "segment_known"
    category = Category.CONFLICT
    field = "code"
    detail = Label("The segment {segment} is open already.", "分野 {segment} は既に開設されています。")


class AdmissionHeld(DomainError):
    """There is an admission for this purpose already. Fields: ``admission, segment, capacity``."""

    code = "admission_held"
    category = Category.CONFLICT
    detail = Label(
        "{admission} stands for {capacity} in {segment} already.",
        "分野 {segment} の {capacity} については {admission} が既にあります。",
    )
