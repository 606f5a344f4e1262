"""Errors of amendments."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class AmendmentOpen(DomainError):
    """An amendment of the agreement is being negotiated. Fields: ``agreement, negotiation``."""

    code = "amendment_open"
    category = Category.CONFLICT
    detail = Label(
        "An amendment of {agreement} is being negotiated ({negotiation}). Answer it, or end it first.",
        "{agreement} の変更は交渉中です（{negotiation}）。その交渉に回答するか、先に終了してください。",
    )


class PooledNotAmended(DomainError):
    """A pool of sellers stands behind the data, and its members do not sign amendments. Fields: ``agreement``."""

    code = "pooled_not_amended"
    category = Category.CONFLICT
    detail = Label(
        "The data of {agreement} is sold by a pool, and such agreements are not amended. Conclude a new contract.",
        "{agreement} のデータは共同提供（プール）によるため、契約を変更できません。新しい契約を締結してください。",
    )


class AmendmentOutdated(DomainError):
    """Another version, or a charge that fell due, came before the signature. Fields: ``negotiation, agreement``."""

    code = "amendment_outdated"
    category = Category.CONFLICT
    detail = Label(
        "{agreement} has changed since {negotiation} was signed by the seller. End it, and propose the amendment anew.",
        "提供者が {negotiation} に署名した後、{agreement} の状況が変わりました。交渉を終了し、変更を改めて提案してください。",
    )
