"""Errors of relations between organisations."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class RelationStands(DomainError):
    """The same relation is stated already. Fields: ``relation``."""

    code = "relation_stands"
    category = Category.CONFLICT
    detail = Label("{relation} states the same relation already.", "同じ関係は {relation} で記録済みです。")


class RelationEnded(DomainError):
    """The relation was ended already. Fields: ``relation``, ``ended_at``."""

    code = "relation_ended"
    category = Category.CONFLICT
    detail = Label(
        "{relation} was ended at {ended_at}. State a new one if there is one.",
        "{relation} は {ended_at} に終了しています。関係がある場合は改めて届け出てください。",
    )
