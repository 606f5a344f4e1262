"""Refusals of approvals."""

from __future__ import annotations

from marketplace.kernel.errors import Category, Forbidden
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
        " of your organisation to give the same command.",
        "{command}: この操作には二人目の承認が必要です。{approval} は {expires_at}"
        " までに、同じ組織の別の担当者が同じ操作を行ってください。",
    )


class NotASecondPerson(Forbidden):
    """Who gives the command second holds no role for it, or has not proved a second factor just now. No fields."""

    code = "not_a_second_person"
    detail = Label(
        "The second person is another natural person of your organisation who holds a role for this command and"
        " confirmed the second factor within the last minutes. Confirm it again, or let somebody else give the command.",
        "二人目は、同じ組織でこの操作の役割を持ち、直前に二要素認証を行った別の担当者本人に限られます。"
        "もう一度二要素認証を行うか、別の担当者が操作してください。",
    )
