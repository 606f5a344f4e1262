"""What the rule layer refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marketplace.kernel.errors import Category, DomainError
from marketplace.kernel.labels import Label

if TYPE_CHECKING:
    from .halts import HaltView


class RulebookRefused(DomainError):
    """A rulebook cannot be published. Fields: ``count``, ``first`` and ``faults``.

    ``faults`` lists every fault as ``{"place", "rule", "line", "column", "message": {"ja", "en"}}``: the path in
    the document, the rule's or tariff's code, and where in its condition. What does not apply is null.
    """

    code = "rulebook_refused"
    field = "document"
    detail = Label(
        "The rulebook has {count} faults. The first: {first}",
        "ルールブックに {count} 件の誤りがあります。最初の誤り: {first}",
    )

    def __init__(self, faults: list[dict[str, Any]]) -> None:
        """``faults`` has at least one entry."""
        first = faults[0]
        where = first["place"]
        if first["rule"]:
            where = f"{first['rule']} ({where})"
        if first["line"]:
            where = f"{where} {first['line']}:{first['column']}"
        super().__init__(count=len(faults), first=f"{where}: {first['message']['en']}", faults=faults)
        self.message = Label(
            self.message.en,
            self.detail.ja.format(count=len(faults), first=f"{where}: {first['message']['ja']}"),
        )


class NoRulebook(DomainError):
    """Nothing can be decided before a rulebook is in force."""

    code = "no_rulebook"
    category = Category.UNAVAILABLE
    detail = Label(
        "No rulebook is in force yet, so nothing can be decided.",
        "施行中のルールブックがないため、判定できません。",
    )


class EffectiveInThePast(DomainError):
    """A rulebook takes effect when it is published, or later. Fields: ``effective_from``, ``now``."""

    code = "effective_in_the_past"
    field = "effective_from"
    detail = Label(
        "{effective_from} has passed (it is {now}); rules take effect when published, or later.",
        "{effective_from} は過ぎています（現在 {now}）。規則は公表以後に施行されます。",
    )


class NoTariff(DomainError):
    """The rulebook states no fee for this point. Fields: ``point``."""

    code = "no_tariff"
    category = Category.UNAVAILABLE
    detail = Label(
        "The rulebook in force states no fee for {point}.",
        "施行中のルールブックに {point} の料金がありません。",
    )


class TariffUndecidable(DomainError):
    """Which fee applies cannot be decided from what is known of the trade. Fields: ``tariff``, ``missing``."""

    code = "tariff_undecidable"
    category = Category.CONFLICT
    detail = Label(
        "Whether the fee {tariff} applies cannot be decided; not known: {missing}.",
        "料金 {tariff} が適用されるか判定できません。不明な事実: {missing}",
    )


class NoTaxRate(DomainError):
    """The rulebook states no tax rate for this category and date. Fields: ``tax_category``, ``on``."""

    code = "no_tax_rate"
    category = Category.UNAVAILABLE
    detail = Label(
        "The rulebook in force states no tax rate for {tax_category} on {on}.",
        "施行中のルールブックに {on} の税区分 {tax_category} の税率がありません。",
    )


class NoParameter(DomainError):
    """The market knows no such parameter. Fields: ``parameter``."""

    code = "no_parameter"
    detail = Label("The market knows no parameter {parameter}.", "パラメーター {parameter} はありません。")


class TradingHalted(DomainError):
    """No trade begins or is concluded in this while a halt is live. Fields: ``halt, scope, subject, since, reason``.

    ``subject`` is the listing's public identifier or the segment's code, null for the market; ``since`` an ISO
    instant; ``reason`` ``{"ja", "en"}``.
    """

    code = "trading_halted"
    category = Category.CONFLICT
    detail = Label(
        "Trading in {what} is halted since {since}: {why}", "{since} から{what}の取引を停止しています: {why}"
    )

    def __init__(self, halt: HaltView) -> None:
        """Say of what, since when and why, in both languages."""
        since = halt.since.isoformat()
        fields = {
            "halt": halt.public_id,
            "scope": halt.scope,
            "subject": halt.subject,
            "since": since,
            "reason": halt.reason,
        }
        super().__init__(**fields, what=halt.words, why=halt.reason["en"])
        self.message = Label(
            self.message.en,
            self.detail.ja.format(since=since, what=halt.words.ja, why=halt.reason["ja"]),
        )
        self.fields = fields


class AlreadyHalted(DomainError):
    """A live halt stands there already. Fields: ``halt, scope, subject``."""

    code = "already_halted"
    category = Category.CONFLICT
    detail = Label(
        "{halt} stands already ({scope} {subject}); lift it before you declare another.",
        "{halt}（{scope} {subject}）による停止が続いています。解除してから改めて停止してください。",
    )


class HaltLifted(DomainError):
    """The halt was lifted before. Fields: ``halt, lifted_at``."""

    code = "halt_lifted"
    category = Category.CONFLICT
    detail = Label("{halt} was lifted at {lifted_at}.", "{halt} は {lifted_at} に解除されています。")


class UnknownPoint(DomainError):
    """The rulebook in force knows no such decision point. Fields: ``point``."""

    code = "unknown_point"
    field = "point"
    detail = Label(
        "The rulebook in force knows no decision point {point}.",
        "施行中のルールブックに判定点 {point} はありません。",
    )


class FactsNotTaken(DomainError):
    """The decision point does not take these facts from its caller. Fields: ``point``, ``facts``."""

    code = "facts_not_taken"
    field = "given"
    detail = Label(
        "The decision point {point} does not take {facts} from its caller.",
        "判定点 {point} は {facts} を受け取りません。",
    )
