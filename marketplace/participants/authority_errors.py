"""Refusals by limits of authority."""

from __future__ import annotations

from marketplace.approvals.errors import SecondPersonNeeded
from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label


class ColleagueNeeded(SecondPersonNeeded):
    """An act is above the limit of who gave it, and asks colleagues whose limits suffice; nothing was done.

    Fields: ``approval, expires_at, command, limit, bound (its label), limit_minor, limit_currency, deciders``. ``limit``: ``act`` or ``month``;
    ``deciders``: the people who can give the same command.
    """

    code = "colleague_needed"
    detail = Label(
        "{command}: above your limit of authority ({bound}: {limit_minor} {limit_currency}). {approval} waits until {expires_at}"
        " for a colleague whose limit suffices to give the same command: {deciders}.",
        "{command}: あなたの決裁限度額（{bound}: {limit_minor} {limit_currency}）を超えています。{approval} は {expires_at}"
        " まで、決裁権限のある次の担当者による同じ操作を待ちます: {deciders}。",
    )


class NobodyDecides(DomainError):
    """An act is above the limit of everybody who could give it. Fields: ``limit, bound, limit_minor, currency, amount_minor``."""

    code = "nobody_decides"
    category = Category.CONFLICT
    detail = Label(
        "The amount {amount_minor} {currency} is above your limit of authority ({bound}: {limit_minor}), and nobody of your"
        " organisation has one that suffices. An owner states a higher limit (authority-limits/), or you agree on less.",
        "金額 {amount_minor} {currency} はあなたの決裁限度額（{bound}: {limit_minor}）を超えており、組織内に決裁できる担当者がいません。"
        "代表管理者が限度額を引き上げる（authority-limits/）か、金額を下げて合意してください。",
    )


class AboveAuthority(DomainError):
    """A program would exceed the limit of the person by whose authority it acts. Fields: ``person, limit, bound, limit_minor, currency``."""

    code = "above_authority"
    category = Category.CONFLICT
    detail = Label(
        "The act is above the limit of authority of {person} ({bound}: {limit_minor} {currency}), by whose authority the"
        " program acts. A person whose limit suffices gives the command.",
        "この操作は、プログラムの権限の根拠である {person} の決裁限度額（{bound}: {limit_minor} {currency}）を超えています。"
        "決裁権限のある担当者本人が操作してください。",
    )
