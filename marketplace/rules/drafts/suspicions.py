"""Warnings about a draft: rules and fees that are valid, and aim at somebody or shut everybody out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.kernel.labels import Label

from ..aims import Tariffs, by_point, exact_prices, names_party, segments_of_one
from ..examples import uncovered
from ..rulebook import DEFAULT_RULE, CompiledRulebook
from ..states import Outcome
from .impact import Tally
from .states import WarningCode

COMPARED_MIN = 2
"""So many organisations must be compared before it says something that one alone meets a condition."""
PLACES_MAX = 200
"""At so many segments and prices of the month's trades fees are tried."""
_STOPS = (Outcome.DENY, Outcome.HOLD)

Warning_ = dict[str, Any]


def find_warnings(
    document: Mapping[str, Any],
    draft: CompiledRulebook,
    populations: Mapping[str, Tally],
    decisions: Mapping[str, Tally],
    trades: Sequence[Mapping[str, Any]],
    sellers: Mapping[str, int],
) -> list[Warning_]:
    """Every warning: ``{"id", "code", "rule", "message": {"ja", "en"}}``, in the document's order.

    ``trades`` are segment, price and currency of the trades of the last month, ``sellers`` counts the sellers admitted to
    each segment.
    """
    found = [
        *_locks_out(document, populations),
        *(warning for rule in document["rules"] for warning in _of_rule(rule, draft, populations, decisions)),
        *_of_defaults(populations, decisions),
        *(
            warning
            for tariffs in by_point(document.get("tariffs", []))
            for warning in _of_tariffs(tariffs, draft, trades, sellers)
        ),
        *(
            _warning(WarningCode.NO_EXAMPLE, code, "no example shows {rule}", "{rule} を示す例がありません")
            for code in uncovered(document)
        ),
    ]
    return list({warning["id"]: warning for warning in found}.values())


def _of_rule(
    rule: Mapping[str, Any],
    draft: CompiledRulebook,
    populations: Mapping[str, Tally],
    decisions: Mapping[str, Tally],
) -> Iterator[Warning_]:
    code, point = rule["code"], rule["point"]
    if names_party(rule, draft.vocabulary):
        yield _warning(
            WarningCode.NAMES_PARTY,
            code,
            "{rule} names a party: decisions would follow who somebody is, not facts",
            "{rule} は特定の組織を指定しています。事実ではなく相手によって判定が変わります",
        )
    for tally in (populations.get(point), decisions.get(point)):
        if tally is not None and _meets_alone(tally, code):
            yield _warning(
                WarningCode.ONE_PARTY,
                code,
                "of {count} organisations one alone meets the condition of {rule}",
                "{count}組織のうち、{rule} の条件を満たすのは一つだけです",
                count=str(len(tally.parties)),
            )
            return


def _of_defaults(populations: Mapping[str, Tally], decisions: Mapping[str, Tally]) -> Iterator[Warning_]:
    """Points at which the rules let everybody pass but one, whom the default stops: nobody needs to name it."""
    for tallies in (populations, decisions):
        for point, tally in tallies.items():
            if _meets_alone(tally, DEFAULT_RULE):
                yield _warning(
                    WarningCode.ONE_PARTY,
                    point,
                    "of {count} organisations one alone meets no rule of {rule}, and is stopped by its default",
                    "{count}組織のうち、{rule} のどの規則にも該当せず、既定の結果で承認されないのは一つだけです",
                    count=str(len(tally.parties)),
                )


def _meets_alone(tally: Tally, code: str) -> bool:
    """Whether several organisations were compared, and what the rule applies to has one in common that the others do not."""
    if len(tally.parties) < COMPARED_MIN:
        return False
    return bool(tally.in_common.get(code, set()) - (tally.in_all or set()))


def _locks_out(document: Mapping[str, Any], populations: Mapping[str, Tally]) -> Iterator[Warning_]:
    """Rules that stop whatever passes now: all that stand at a point, or by a condition that is always true."""
    for rule in document["rules"]:
        tally = populations.get(rule["point"])
        everybody = tally is not None and 0 < tally.passing_before <= tally.stops[rule["code"]]
        if rule["outcome"] in _STOPS and (everybody or rule["when"].strip() == "true"):
            yield _warning(
                WarningCode.LOCKS_OUT,
                rule["code"],
                "{rule} stops everybody who passes now",
                "{rule} により、現在承認されている全員が承認されなくなります",
            )
    for point, tally in populations.items():
        if tally.passing_before and not tally.passing_after:
            yield _warning(
                WarningCode.LOCKS_OUT,
                point,
                "nobody would pass {rule} any more",
                "{rule} を通過できる者がいなくなります",
            )


def _of_tariffs(
    tariffs: Tariffs,
    draft: CompiledRulebook,
    trades: Sequence[Mapping[str, Any]],
    sellers: Mapping[str, int],
) -> Iterator[Warning_]:
    """Warnings about the tariffs of one point, tried on the trades of the month too."""
    places = sorted({(trade["segment"], trade["price_minor"]) for trade in trades})[:PLACES_MAX]
    exact = exact_prices(draft, tariffs, places)
    reached = segments_of_one(draft, tariffs, sellers, places)
    for code in (entry["code"] for entry in tariffs):
        if code in exact:
            yield _warning(
                WarningCode.EXACT_PRICE,
                code,
                "the fee {rule} applies to an exact price, which may be that of one trade",
                "料金 {rule} は特定の価格だけに適用され、一つの取引だけを対象にできます",
            )
        if segments := reached.get(code):
            yield _warning(
                WarningCode.FEE_BY_PROXY,
                code,
                "the fee {rule} applies in {segments} only, where {count} seller is admitted",
                "料金 {rule} は {segments} だけに適用され、そこで承認されている提供者は {count} 組織です",
                segments=", ".join(sorted(segments)),
                count=str(sum(sellers[segment] for segment in segments)),
            )


def _warning(code: WarningCode, rule: str, en: str, ja: str, **values: str) -> Warning_:
    message = Label(en, ja).fill({"rule": rule, **values})
    return {"id": f"{code.value}:{rule}", "code": code.value, "rule": rule, "message": message.as_dict()}
