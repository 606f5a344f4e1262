"""What terms of a contract changed against others, in words of both languages and for programs. Pure."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from listings.ending import RefundRule
from listings.rights import changes
from listings.states import Charging, SignatureLevel
from marketplace.kernel.labels import Label
from marketplace.kernel.money import Money

from ..commissions.words import commission_value
from ..library.special import HEADING, headings_of
from ..renewing.words import HEADING as RENEWAL
from ..renewing.words import renewal_value
from ..states import label_of
from ..terms import Terms

TERM_LABELS: dict[str, Label] = {
    "price_minor": Label("Price (without tax)", "対価（税抜）"),
    "currency": Label("Currency", "通貨"),
    "tax_category": Label("Tax category", "税区分"),
    "funding_days": Label("Time to pay in", "入金期限"),
    "inspection_days": Label("Inspection period", "検査期間"),
    "open_days": Label("Period for acceptance after the seller's signature", "提供者の署名後の承諾期間"),
    "withdrawal_reserved": Label("Right to withdraw within that period", "承諾期間中の撤回権の留保"),
    "signature_level": Label("Level of the signatures", "署名の水準"),
    "ending": Label("End before the term", "中途終了"),
    "charging": Label("Charging", "課金の方法"),
    "special_clauses": HEADING,
    "commission": Label("Commissioned work", "委託による成果物"),
    "renewal": RENEWAL,
}
"""The terms beside the rights of use, by name."""

BUSINESS_DAYS = Label("{days} business days", "{days}営業日")
DAYS = Label("{days} days", "{days}日間")
NO_NOTICE = Label("not by notice", "通知による解約なし")
BY_NOTICE = Label("by notice of {days} days ({refund})", "{days}日前の通知（{refund}）")
CHARGED = Label("{kind}, {charges} charges, every {months} months", "{kind}（{charges}回、{months}か月ごと）")
CHARGED_FROM = Label("{charged}, from {day} on", "{charged}、{day}から")
CHARGED_EACH = Label("{charged}, {unit} for each use", "{charged}、1回の利用につき{unit}")
FROM_USE = Label("{charged}, {unit} from use {use} on", "{charged}、{use}回目から{unit}")
METERING = {
    "free_uses": Label("{charged}, {number} uses a period free", "{charged}、期間ごとに{number}回無料"),
    "trial_days": Label("{charged}, {number} days of trial", "{charged}、試用{number}日"),
    "trial_uses": Label("{charged}, {number} uses of trial", "{charged}、試用{number}回"),
}
ADJUSTED = Label("{charged}, adjusted by {kind} ({numbers})", "{charged}、{kind}により調整（{numbers}）")
ADJUSTMENT_KINDS = {
    "index": Label("an index", "指数"),
    "quality": Label("quality", "品質"),
    "volume": Label("volume", "利用量"),
}
SHARED = Label(
    "{charged}, {share} basis points to {organisation}",
    "{charged}、{share}ベーシスポイントを {organisation} に分配",
)
RESERVED = Label("reserved", "留保する")
NONE = Label("none", "なし")
NOT_RESERVED = Label("not reserved", "留保しない")
CHANGED = Label("{term}: from {before} to {after}.", "{term}：{before} から {after} に変更。")
RIGHT_CHANGED = Label(
    "{term}: from {before} to {after} ({relation}).", "{term}：{before} から {after} に変更（{relation}）。"
)


def changed_terms(before: Terms, after: Terms, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Every term that ``after`` states otherwise than ``before``, in a fixed order; empty if both are the same.

    Each: ``field`` (``price_minor``, ``rights.duration``), ``label``, ``from`` and ``to`` in JSON types, ``words`` in both languages;
    for a right ``relation`` and ``relation_label`` too, whether that change alone makes the rights narrower or wider; None for other terms.
    """
    stated, wanted = ({"renewal": None, **terms.as_dict()} for terms in (before, after))
    plain = [
        _plain(name, stated[name], wanted[name], before.currency)
        for name in stated
        if name != "rights" and stated[name] != wanted[name]
    ]
    compared = [] if before.rights == after.rights else changes(before.rights, after.rights, zone)["terms"]
    return plain + [_right(term, stated["rights"], wanted["rights"]) for term in compared]


def _plain(name: str, before: Any, after: Any, currency: str) -> dict[str, Any]:
    label = TERM_LABELS[name]
    words = CHANGED.fill(
        {"term": label, "before": _value(name, before, currency), "after": _value(name, after, currency)}
    )
    return {
        "field": name,
        "label": label.as_dict(),
        "from": before,
        "to": after,
        "words": words.as_dict(),
        "relation": None,
        "relation_label": None,
    }


def _right(term: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    said = {"term": "label", "before": "before", "after": "after", "relation": "relation_label"}
    words = RIGHT_CHANGED.fill({place: Label(**term[name]) for place, name in said.items()})
    return {
        "field": f"rights.{term['term']}",
        "label": term["label"],
        "from": before[term["term"]],
        "to": after[term["term"]],
        "words": words.as_dict(),
        "relation": term["relation"],
        "relation_label": term["relation_label"],
    }


def _value(name: str, value: Any, currency: str) -> Label:
    if name == "price_minor":
        amount = Money(value, currency)
        return Label(amount.format("en"), amount.format("ja"))
    if name == "funding_days":
        return BUSINESS_DAYS.fill({"days": value})
    if name.endswith("_days"):
        return DAYS.fill({"days": value})
    if name == "charging":
        return _charging(value, currency)
    if name == "special_clauses":
        return headings_of(value) or NONE
    if name == "renewal":
        return renewal_value(value)
    if name == "commission":
        return commission_value(value)
    if name == "ending":
        days, refund = value["convenience_notice_days"], label_of(RefundRule, value["refund"])
        return NO_NOTICE if days is None else BY_NOTICE.fill({"days": days, "refund": refund})
    if name == "signature_level":
        return label_of(SignatureLevel, value)
    if isinstance(value, bool):
        return RESERVED if value else NOT_RESERVED
    return Label(str(value), str(value))


def _charging(value: dict[str, Any], currency: str) -> Label:
    said = _rhythm(value, currency)
    for share in value.get("shares", ()):
        said = SHARED.fill(
            {"charged": said, "organisation": share["organisation"], "share": share["share_bp"]}
        )
    for clause in value.get("adjustments", ()):
        numbers = ", ".join(f"{name} {stated}" for name, stated in clause.items() if name != "kind")
        said = ADJUSTED.fill({"charged": said, "kind": ADJUSTMENT_KINDS[clause["kind"]], "numbers": numbers})
    return said


def _rhythm(value: dict[str, Any], currency: str) -> Label:
    kind = label_of(Charging, value["kind"])
    if value["kind"] == Charging.ONE_OFF:
        return kind
    said = CHARGED.fill({"kind": kind, "charges": value["charges"], "months": value["period_months"]})
    if value["first_period_from"] is not None:
        said = CHARGED_FROM.fill({"charged": said, "day": value["first_period_from"]})
    if value["unit_price_minor"] is None:
        return said
    unit = Money(value["unit_price_minor"], currency)
    said = CHARGED_EACH.fill({"charged": said, "unit": Label(unit.format("en"), unit.format("ja"))})
    return _metered(said, value["metering"], currency) if value.get("metering") else said


def _metered(said: Label, metering: dict[str, Any], currency: str) -> Label:
    for tier in metering["tiers"]:
        unit = Money(tier["unit_price_minor"], currency)
        tiered = {"use": f"{tier['from_use']:,}", "unit": Label(unit.format("en"), unit.format("ja"))}
        said = FROM_USE.fill({"charged": said, **tiered})
    for name, words in METERING.items():
        if metering[name]:
            said = words.fill({"charged": said, "number": f"{metering[name]:,}"})
    return said
