"""Clauses by which the price of a charge adjusts itself: a published index, the volume of use, the currentness of the data. Pure.

Each kind at most once. ``index`` and ``quality`` adjust the charges of a subscription when they begin, ``volume`` a metered period when it
was charged. A reduction is rounded down to a whole minor unit, and so is a price by an index.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.kernel.money import BASIS_POINTS, share_of

from .metering import USES_MAX
from .states import Charging

VALUE_MAX = 1_000_000_000_000
INDEX = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
NUMBERS: dict[str, dict[str, tuple[int, int]]] = {
    "index": {
        "base_milli": (1, VALUE_MAX),
        "floor_bp": (0, BASIS_POINTS),
        "cap_bp": (BASIS_POINTS, 2 * BASIS_POINTS),
    },
    "quality": {"at_least_bp": (1, BASIS_POINTS), "reduction_bp": (1, BASIS_POINTS)},
    "volume": {"beyond_uses": (1, USES_MAX), "reduction_bp": (1, BASIS_POINTS)},
}
"""The numbers of each kind of clause, with the least and the most of each: values of an index are thousandths, shares basis points."""
CHARGED = {
    "index": Charging.SUBSCRIPTION,
    "quality": Charging.SUBSCRIPTION,
    "volume": Charging.METERED,
}
"""The rhythm of charging that each kind of clause needs."""

LATE = "late"
"""The kind of the record of an index whose value came after the charge began."""
ONCE = Label("state each kind of adjustment once", "調整の種類はそれぞれ一度だけ指定してください")


def parse_adjustments(stated: Any, *, charging: str, prefix: str) -> tuple[dict[str, Any], ...]:
    """The clauses from an offer or a contract, in the order of their kinds. Raises FieldInvalid, which names ``prefix``."""
    if stated is None:
        return ()
    if not isinstance(stated, list | tuple) or not 1 <= len(stated) <= len(NUMBERS):
        raise FieldInvalid(
            prefix,
            Label(f"state 1 to {len(NUMBERS)} clauses", f"条項を1から{len(NUMBERS)}まで指定してください"),
        )
    clauses = [_clause(one, charging, prefix) for one in stated]
    if len({clause["kind"] for clause in clauses}) != len(clauses):
        raise FieldInvalid(prefix, ONCE)
    return tuple(sorted(clauses, key=lambda clause: clause["kind"]))


def _clause(stated: Any, charging: str, prefix: str) -> dict[str, Any]:
    kind = stated.get("kind") if isinstance(stated, Mapping) else None
    if not isinstance(kind, str) or kind not in NUMBERS:
        known = ", ".join(NUMBERS)
        raise FieldInvalid(
            prefix,
            Label(f"each clause states its kind: {known}", f"各条項に種類を指定してください: {known}"),
        )
    names = {"kind", *NUMBERS[kind], *(("index",) if kind == "index" else ())}
    if set(stated) != names:
        listed = ", ".join(sorted(names))
        raise FieldInvalid(
            prefix,
            Label(f"a clause of the kind {kind} states {listed}", f"{kind} の条項の項目は {listed} です"),
        )
    for name, (lowest, highest) in NUMBERS[kind].items():
        value = stated[name]
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise FieldInvalid(
                prefix,
                Label(
                    f"{name} is a whole number from {lowest} to {highest:,}",
                    f"{name} は{lowest}から{highest:,}までの整数にしてください",
                ),
            )
    if kind == "index" and not (isinstance(stated["index"], str) and INDEX.fullmatch(stated["index"])):
        raise FieldInvalid(
            prefix,
            Label("name the index by its code", "指数をコード（英小文字で始まる）で指定してください"),
        )
    if charging != CHARGED[kind]:
        raise FieldInvalid(
            prefix,
            Label(
                f"a clause of the kind {kind} needs the charging {CHARGED[kind].value}",
                f"{kind} の条項は、課金が {CHARGED[kind].value} の場合だけ指定できます",
            ),
        )
    return dict(stated)


def adjusted_price(clause: Mapping[str, Any], before_minor: int, value: int) -> int:
    """What becomes of the price ``before_minor`` of a charge by a clause, in minor units without tax.

    ``value``: of the index, in thousandths; the charged uses of the period; or the measured currentness in basis points.
    """
    if clause["kind"] == "index":
        by_index = before_minor * value // int(clause["base_milli"])
        lowest, highest = (share_of(before_minor, clause[name]) for name in ("floor_bp", "cap_bp"))
        return min(max(by_index, lowest), highest)
    is_due = value > clause["beyond_uses"] if clause["kind"] == "volume" else value < clause["at_least_bp"]
    return before_minor - share_of(before_minor, clause["reduction_bp"]) if is_due else before_minor
