"""Errors of interests of third parties in listings."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class StakeStands(DomainError):
    """The same interest is stated already. Fields: ``stake``."""

    code = "stake_stands"
    category = Category.CONFLICT
    detail = Label("{stake} states the same interest already.", "同じ権利・利害は {stake} で届出済みです。")


class StakeEnded(DomainError):
    """The interest has ended already. Fields: ``stake``, ``ended_at``."""

    code = "stake_ended"
    category = Category.CONFLICT
    detail = Label("{stake} ended at {ended_at}.", "{stake} は {ended_at} に終了しています。")
