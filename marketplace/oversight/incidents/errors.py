"""Errors of the register of incidents."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class IncidentClosed(DomainError):
    """The incident is closed. Fields: ``incident``."""

    code = "incident_closed"
    category = Category.CONFLICT
    detail = Label(
        "Incident {incident} is closed. Open another one, and name this one in its description.",
        "事案 {incident} は終了しています。新たな事案として登録し、概要にこの事案を記載してください。",
    )


class ReportsMissing(DomainError):
    """Law demands reports of the incident that were not recorded. Fields: ``incident``, ``missing``."""

    code = "reports_missing"
    category = Category.CONFLICT
    detail = Label(
        "Record these reports of {incident} before it is closed: {missing}.",
        "事案 {incident} を終了する前に、次の報告を記録してください: {missing}。",
    )


class TooManyConcerned(DomainError):
    """More participants would be concerned than an incident names. Fields: ``incident``, ``concerned_max``."""

    code = "too_many_concerned"
    category = Category.CONFLICT
    detail = Label(
        "Incident {incident} names {concerned_max} participants already. Open another one for the others.",
        "事案 {incident} に関係する参加者は{concerned_max}までです。残りは別の事案として登録してください。",
    )


class TooManyOpen(DomainError):
    """So many incidents that the participant registered are open that no further one is taken. Fields: ``open_max``."""

    code = "too_many_open"
    category = Category.CONFLICT
    detail = Label(
        "{open_max} incidents that your organisation registered are open. Add to one of them by telling the operator's desk.",
        "貴組織が登録した未了の事案が{open_max}件あります。追加の内容は運営者の窓口にお知らせください。",
    )
