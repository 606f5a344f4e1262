"""Errors of qualifications."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class QualificationKindExists(DomainError):
    """A kind of qualification with this code is published already. Fields: ``kind``."""

    code = "qualification_kind_exists"
    category = Category.CONFLICT
    detail = Label(
        "There is a kind of qualification {kind} already. Choose another code.",
        "資格の種別 {kind} は公表済みです。別のコードを指定してください。",
    )


class QualificationStands(DomainError):
    """The same qualification is stated already. Fields: ``qualification``."""

    code = "qualification_stands"
    category = Category.CONFLICT
    detail = Label(
        "{qualification} states this qualification already. Withdraw it before you state it anew.",
        "{qualification} で同じ資格を届出済みです。改めて届け出る場合は、先に取り下げてください。",
    )


class QualificationOver(DomainError):
    """The qualification was valid until a day that has passed. Fields: ``qualification``, ``valid_until``."""

    code = "qualification_over"
    category = Category.CONFLICT
    detail = Label(
        "{qualification} was valid until {valid_until}. The organisation states its renewal as a new qualification.",
        "{qualification} の有効期限は {valid_until} でした。更新後の資格は新たに届け出る必要があります。",
    )


class TooManyQualifications(DomainError):
    """The organisation has stated as many qualifications as it may. Fields: ``count``."""

    code = "too_many_qualifications"
    category = Category.CONFLICT
    detail = Label(
        "You have {count} qualifications that stand, or were stated within 24 hours. Withdraw some, or wait.",
        "有効な資格、または24時間以内に届け出た資格が {count} 件あります。不要なものを取り下げるか、時間をおいてください。",
    )
