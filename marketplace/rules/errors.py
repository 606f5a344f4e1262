"""Errors of the rules."""

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
        "The rulebook has {count} errors. The first: {first}",
        "規程に {count} 件の誤りがあります。最初の誤り: {first}",
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
    """No rulebook is in force yet."""

    code = "no_rulebook"
    category = Category.UNAVAILABLE
    detail = Label(
        "No rulebook is in force yet, so no decision is possible.",
        "施行中の規程がないため、判定できません。",
    )


class NoticeTooShort(DomainError):
    """A version would take effect before its notice is over. Fields: ``what``, ``earliest``.

    ``what``: ``rulebook``, or the parameters that weaken a control.
    """

    code = "notice_too_short"
    field = "effective_from"
    detail = Label(
        "The notice for this change ({what}) would not be over. State an effective_from of {earliest} or later.",
        "この変更（{what}）の予告期間が終わっていません。effective_from には {earliest} 以降を指定してください。",
    )


class RulebookTakesTwo(DomainError):
    """Every version but the first takes a second person. No fields."""

    code = "rulebook_takes_two"
    category = Category.CONFLICT
    detail = Label(
        "Two people of the operator publish a version of the rulebook: another person gives the same command.",
        "規程の公表には運営者の担当者二名が必要です。別の担当者が同じ操作を行ってください。",
    )


class RulebookSuperseded(DomainError):
    """A version names another than the newest as the one that it replaces. Fields: ``replaces``, ``newest``."""

    code = "rulebook_superseded"
    category = Category.CONFLICT
    field = "replaces"
    detail = Label(
        "The newest version is {newest}, not {replaces}. Draft the change again on the newest version.",
        "最新の版は {newest} です（指定: {replaces}）。最新の版に基づいて改めて起案してください。",
    )


class NotUrgent(DomainError):
    """An urgent version changes more than lists and tables of law. Fields: ``sections``."""

    code = "not_urgent"
    field = "lane"
    detail = Label(
        "An urgent version changes lists and tables of law only; this one changes {sections}. Publish that with notice.",
        "即時施行できるのは法令上の名簿・表の変更のみです（変更: {sections}）。予告期間を設けて公表してください。",
    )


class EffectiveInThePast(DomainError):
    """A rulebook cannot take effect before its publication. Fields: ``effective_from``, ``now``."""

    code = "effective_in_the_past"
    field = "effective_from"
    detail = Label(
        "{effective_from} is in the past (now {now}). A rulebook takes effect on publication or later.",
        "{effective_from} は既に過ぎています（現在 {now}）。施行日時は公表以後を指定してください。",
    )


class NoTariff(DomainError):
    """The rulebook has no tariff for this point. Fields: ``point``."""

    code = "no_tariff"
    category = Category.UNAVAILABLE
    detail = Label(
        "The rulebook in force has no fee for {point}.",
        "施行中の規程に {point} の手数料の定めがありません。",
    )


class TariffUndecidable(DomainError):
    """The known facts do not determine which fee applies. Fields: ``tariff``, ``missing``."""

    code = "tariff_undecidable"
    category = Category.CONFLICT
    detail = Label(
        "Cannot determine whether the fee {tariff} applies. Unknown facts: {missing}.",
        "手数料 {tariff} が適用されるか判定できません。不明な事実: {missing}",
    )


class NoTaxRate(DomainError):
    """The rulebook has no tax rate for this category and date. Fields: ``tax_category``, ``on``."""

    code = "no_tax_rate"
    category = Category.UNAVAILABLE
    detail = Label(
        "The rulebook in force has no tax rate for {tax_category} on {on}.",
        "施行中の規程に {on} の税区分 {tax_category} の税率の定めがありません。",
    )


class NoTaxTableRow(DomainError):
    """A tax table of the rulebook says nothing about this case. Fields: ``table``, ``key``, ``on``."""

    code = "no_tax_table_row"
    category = Category.UNAVAILABLE
    detail = Label(
        "The table {table} of the rulebook in force has no row for {key} on {on}.",
        "施行中の規程の {table} に {key}（{on}）に該当する定めがありません。",
    )


class NoParameter(DomainError):
    """Unknown parameter. Fields: ``parameter``."""

    code = "no_parameter"
    detail = Label("There is no parameter {parameter}.", "パラメーター {parameter} はありません。")


class TradingHalted(DomainError):
    """A halt prevents new negotiations and agreements. Fields: ``halt, scope, subject, since, reason``.

    ``subject`` is the listing's public identifier or the segment's code, null for the market; ``since`` an ISO
    instant; ``reason`` ``{"ja", "en"}``.
    """

    code = "trading_halted"
    category = Category.CONFLICT
    detail = Label(
        "Trading in {what} has been halted since {since}: {why}",
        "{since} から{what}の売買を停止しています: {why}",
    )

    def __init__(self, halt: HaltView) -> None:
        """State the scope, the time and the reason in both languages."""
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
    """The same scope and subject is already halted. Fields: ``halt, scope, subject``."""

    code = "already_halted"
    category = Category.CONFLICT
    detail = Label(
        "Trading is already halted by {halt} ({scope} {subject}). Lift it before you declare another halt.",
        "{halt}（{scope} {subject}）による売買停止が継続中です。解除してから改めて停止してください。",
    )


class HaltLifted(DomainError):
    """The halt is already lifted. Fields: ``halt, lifted_at``."""

    code = "halt_lifted"
    category = Category.CONFLICT
    detail = Label("{halt} was already lifted at {lifted_at}.", "{halt} は {lifted_at} に解除されています。")


class UnknownPoint(DomainError):
    """The rulebook in force has no such decision point. Fields: ``point``."""

    code = "unknown_point"
    field = "point"
    detail = Label(
        "The rulebook in force has no decision point {point}.",
        "施行中の規程に判定点 {point} はありません。",
    )


class FactsNotTaken(DomainError):
    """The decision point does not accept these facts from its caller. Fields: ``point``, ``facts``."""

    code = "facts_not_taken"
    field = "given"
    detail = Label(
        "The decision point {point} does not accept {facts} from its caller.",
        "判定点 {point} では {facts} を指定できません。",
    )
