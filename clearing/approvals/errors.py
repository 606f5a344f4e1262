"""Refusals of approvals."""

from __future__ import annotations

from marketplace.kernel.errors import Category
from marketplace.kernel.labels import Label
from marketplace.kernel.refusals import RecordedRefusal


class SecondPersonNeeded(RecordedRefusal):
    """A command needs a second person, for its amount or its kind; nothing was done. Fields: ``approval, expires_at, command``.

    ``approval`` is the pending approval. The same command by another person carries it out.
    """

    code = "second_person_needed"
    category = Category.CONFLICT
    detail = Label(
        "{command}: this command needs a second person. {approval} waits until {expires_at} for another person"
        " of the operator to give the same command.",
        "{command}: この操作には二人目の承認が必要です。{approval} は {expires_at}"
        " までに、別の担当者が同じ操作を行ってください。",
    )
