"""Errors of disqualifications."""

from __future__ import annotations

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class DisqualificationStands(DomainError):
    """The organisation, or the same officer, is disqualified on this ground already. Fields: ``disqualification``."""

    code = "disqualification_stands"
    category = Category.CONFLICT
    detail = Label(
        "{disqualification} states this already. End it before you state another term.",
        "{disqualification} で記録済みです。期間を改める場合は、先に終了してください。",
    )


class DisqualificationEnded(DomainError):
    """The disqualification has ended. Fields: ``disqualification``, ``ended_at``."""

    code = "disqualification_ended"
    category = Category.CONFLICT
    detail = Label(
        "{disqualification} ended at {ended_at}.", "{disqualification} は {ended_at} に終了しています。"
    )
