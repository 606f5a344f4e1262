"""Refusals of approvals."""

from __future__ import annotations

from marketplace.kernel.errors import Category
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import RecordedRefusal


class SecondPersonNeeded(RecordedRefusal):
    """An amount this large takes two people; nothing was done. Fields: ``approval``, ``expires_at``, ``command``.

    ``approval`` is the pending request that now stands. The same command by another person carries it out.
    """

    code = "second_person_needed"
    category = Category.CONFLICT
    detail = Label(
        "{command}: an amount this large needs a second person. {approval} waits until {expires_at} for somebody"
        " else of the operator to give the same command.",
        "{command}: この金額の実行には二人目の承認が必要です。{approval} は {expires_at}"
        " まで、別の担当者が同じ操作を行うのを待ちます。",
    )
