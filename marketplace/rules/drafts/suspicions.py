"""Warnings about a draft: rules and fees that are valid, and aim at somebody or shut everybody out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marketplace.kernel.labels import Label

from ..examples import uncovered
from ..lexing import Token, texts, tokens
from ..rulebook import CompiledRulebook
from ..states import Outcome
from .impact import Tally, party_facts
from .states import WarningCode

IDENTIFIER = re.compile(r"(?<![a-z_])[a-z]{3,4}_[0-9A-Z]{2,}|\bT?\d{13}\b")
"""What looks like an identifier of the market, or a corporate number."""
COMPARED_MIN = 2
"""So many organisations must be compared before it says something that one alone meets a condition."""
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
        *(
            warning
            for tariff in document.get("tariffs", [])
            for warning in _of_tariff(tariff, draft, trades, sellers)
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
    if _names_party(rule["when"], draft.points[point]["facts"]):
        yield _warning(
            WarningCode.NAMES_PARTY,
            code,
            "{rule} names a party: decisions would follow who somebody is, not facts",
            "{rule} は特定の組織を指定しています。事実ではなく相手によって判定が変わります",
        )
    for tally in (populations.get(point), decisions.get(point)):
        if tally is None or len(tally.parties) < COMPARED_MIN:
            continue
        if tally.in_common.get(code, set()) - (tally.in_all or set()):
            yield _warning(
                WarningCode.ONE_PARTY,
                code,
                "of {count} organisations one alone meets the condition of {rule}",
                "{count}組織のうち、{rule} の条件を満たすのは一つだけです",
                count=str(len(tally.parties)),
            )
            return


def _names_party(when: str, types: Mapping[str, str]) -> bool:
    """Whether a condition holds a fact that names a party against a text, or contains what looks like an identifier."""
    written = texts(when)
    if any(IDENTIFIER.search(text) for text in written):
        return True
    names = _fact_names(tokens(when))
    return bool(written) and any(name in names for name in party_facts(types))


def _fact_names(found: Sequence[Token]) -> set[str]:
    """The qualified names in a condition, ``negotiation.seller``."""
    return {
        f"{found[at].written}.{found[at + 2].written}"
        for at in range(len(found) - 2)
        if found[at].kind == "name" and found[at + 1].written == "." and found[at + 2].kind == "name"
    }


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


def _of_tariff(
    tariff: Mapping[str, Any],
    draft: CompiledRulebook,
    trades: Sequence[Mapping[str, Any]],
    sellers: Mapping[str, int],
) -> Iterator[Warning_]:
    code = tariff["code"]
    if _states_exact_price(tokens(tariff["when"])):
        yield _warning(
            WarningCode.EXACT_PRICE,
            code,
            "the fee {rule} applies to an exact price, which may be that of one trade",
            "料金 {rule} は特定の価格だけに適用され、一つの取引だけを対象にできます",
        )
    covered = {segment for segment in sellers if _applies_in(draft, code, segment, trades)}
    reached = sum(sellers[segment] for segment in covered)
    if covered and covered != set(sellers) and reached <= 1:
        yield _warning(
            WarningCode.FEE_BY_PROXY,
            code,
            "the fee {rule} applies in {segments} only, where {count} seller is admitted",
            "料金 {rule} は {segments} だけに適用され、そこで承認されている提供者は {count} 組織です",
            segments=", ".join(sorted(covered)),
            count=str(reached),
        )


def _applies_in(
    draft: CompiledRulebook, code: str, segment: str, trades: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether a tariff's condition holds for some price in a segment: those of the month, and some of each size."""
    prices = {trade["price_minor"] for trade in trades if trade["segment"] == segment}
    prices |= {1, 1_000, 100_000, 1_000_000, 100_000_000}
    return any(
        draft.applies(code, {"trade.segment": segment, "trade.price_minor": price, "trade.currency": "JPY"})
        for price in sorted(prices)[:1_000]
    )


def _states_exact_price(found: Sequence[Token]) -> bool:
    """Whether ``trade.price_minor == 12345`` stands in a condition, in either order, or the price is in a list."""
    for at, token in enumerate(found):
        if token.written != "price_minor":
            continue
        after, start = found[at + 1 : at + 3], at - 2
        before = found[max(start - 2, 0) : max(start, 0)]
        if after and after[0].written in ("==", "in"):
            return True
        if len(before) == 2 and before[1].written == "==":
            return True
    return False


def _warning(code: WarningCode, rule: str, en: str, ja: str, **values: str) -> Warning_:
    message = Label(en, ja).fill({"rule": rule, **values})
    return {"id": f"{code.value}:{rule}", "code": code.value, "rule": rule, "message": message.as_dict()}
