"""What a clause demands of the terms, so that text and terms cannot disagree. Pure.

A demand is ``{"term": "rights.delete_at_end", "in": [true]}``, or with ``not_in``: the term's value is one of these values, or none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from marketplace.kernel.bounds import INTEGER_MAX
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

DEMANDABLE: Final = (
    "price_minor", "currency", "tax_category", "funding_days", "inspection_days", "open_days",
    "withdrawal_reserved", "signature_level", "ending.convenience_notice_days", "ending.refund", "charging.kind",
    "charging.charges", "charging.period_months", "charging.first_period_from", "charging.unit_price_minor",
    "rights.contract_type", "rights.disclosure_scope", "rights.onward_transfer", "rights.valid_until",
    "rights.duration", "rights.use_count_max", "rights.derivatives", "rights.model_training",
    "rights.reidentification", "rights.confidential", "rights.attribution", "rights.delete_at_end",
    "rights.report_use", "rights.accept_audit", "rights.exclusive",
)  # fmt: skip
"""The terms with a single value, by their path in the terms as a proposal states them."""
DEMANDS_MAX = 20
VALUES_MAX = 20
WAYS = ("in", "not_in")


def check_demands(field: str, stated: Any) -> list[dict[str, Any]]:
    """Demands, in their order. Raises FieldInvalid, which names the demand as ``<field>.<number>``."""
    if not isinstance(stated, Sequence) or isinstance(stated, str) or len(stated) > DEMANDS_MAX:
        raise FieldInvalid(
            field,
            Label(
                f"specify a list of at most {DEMANDS_MAX} demands",
                f"{DEMANDS_MAX}個以内の条件のリストにしてください",
            ),
        )
    return [_demand(f"{field}.{number}", each) for number, each in enumerate(stated, start=1)]


def _demand(field: str, stated: Any) -> dict[str, Any]:
    ways = [way for way in WAYS if isinstance(stated, Mapping) and way in stated]
    if len(ways) != 1 or set(stated) != {"term", ways[0]}:
        raise FieldInvalid(
            field,
            Label("specify term, and either in or not_in", "term と、in または not_in を指定してください"),
        )
    if stated["term"] not in DEMANDABLE:
        known = ", ".join(DEMANDABLE)
        raise FieldInvalid(
            f"{field}.term", Label(f"specify one of {known}", f"次から選んでください: {known}")
        )
    values = stated[ways[0]]
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    if not is_list or not 1 <= len(values) <= VALUES_MAX or not all(map(_is_scalar, values)):
        raise FieldInvalid(
            f"{field}.{ways[0]}",
            Label(
                f"specify 1 to {VALUES_MAX} texts, whole numbers, true, false or null",
                f"文字列、整数、true、false、null を1～{VALUES_MAX}個指定してください",
            ),
        )
    return {"term": stated["term"], ways[0]: list(values)}


def _is_scalar(value: Any) -> bool:
    """Whether it is a value of a term, which a whole number is up to what JSON carries exactly."""
    return value is None or isinstance(value, str) or (isinstance(value, int) and abs(value) <= INTEGER_MAX)


def value_at(terms: Mapping[str, Any], term: str) -> Any:
    """The value of a term by its path; None where the terms state nothing."""
    value: Any = terms
    for name in term.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def require_met(
    demands: Iterable[Mapping[str, Any]], terms: Mapping[str, Any], *, prefix: str = "terms"
) -> None:
    """Check terms (as ``Terms.as_dict`` states them) against demands, each with its ``clause``. Raises FieldInvalid, which names the
    term as ``<prefix>.<term>`` and the clause in its words."""
    for demand in demands:
        listed = demand.get("in", demand.get("not_in"))
        if is_met(demand, value_at(terms, demand["term"])):
            continue
        wanted = ", ".join(map(_said, listed))
        clause = demand["clause"]
        said = (
            Label(
                f"the clause {clause} demands one of: {wanted}; change the term, or choose a template without the clause",
                f"条項 {clause} は次のいずれかを求めます: {wanted}。条件を変更するか、この条項のないひな形を選んでください",
            )
            if "in" in demand
            else Label(
                f"the clause {clause} excludes: {wanted}; change the term, or choose a template without the clause",
                f"条項 {clause} では次の値は使えません: {wanted}。条件を変更するか、この条項のないひな形を選んでください",
            )
        )
        raise FieldInvalid(f"{prefix}.{demand['term']}", said)


def is_met(demand: Mapping[str, Any], value: Any) -> bool:
    """Whether a value meets a demand: it is one of ``in``, or none of ``not_in``."""
    listed = demand.get("in", demand.get("not_in", ()))
    return any(_is_same(value, each) for each in listed) is ("in" in demand)


def _is_same(value: Any, other: Any) -> bool:
    """Whether two values are one in JSON: 1 and true are equal in Python, but not in what is signed."""
    return isinstance(value, bool) is isinstance(other, bool) and bool(value == other)


def _said(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
