"""The seller's statement on how anonymised information (匿名加工情報) was made. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

CRITERIA: dict[str, Label] = {
    "identifiers_removed": Label(
        "descriptions that identify a person are deleted or replaced",
        "特定の個人を識別できる記述等の削除・置換",
    ),
    "codes_removed": Label("individual identification codes are deleted", "個人識別符号の全部の削除"),
    "links_removed": Label(
        "codes that link to other information are deleted", "情報を相互に連結する符号の削除"
    ),
    "singular_removed": Label("singular descriptions are deleted", "特異な記述等の削除"),
    "fitted_to_database": Label(
        "other measures appropriate to the nature of the database are taken",
        "データベースの性質を踏まえたその他の措置",
    ),
}
"""The five criteria of article 34 of the Rules for Enforcement (428M60020000003)."""

TEXTS = {
    "method": Label("method of provision (article 43(4))", "提供の方法（法43条4項）"),
    "published_at_url": Label(
        "place of publication of the items (article 43(3))", "項目の公表先（法43条3項）"
    ),
}


def check_anonymisation(statement: Mapping[str, Any]) -> dict[str, Any]:
    """The statement with all members: ``items`` (names of the items of information), ``method``,
    ``published_at_url``, and ``criteria`` (each of CRITERIA, true or false).

    Missing members are null or false, so that the rules can name them. Raises FieldInvalid for a wrong shape.
    """
    known = {"items", "criteria", *TEXTS}
    if not isinstance(statement, Mapping) or not set(statement) <= known:
        raise FieldInvalid(
            "anonymisation",
            Label(
                f"specify {', '.join(sorted(known))}",
                f"次の項目で記述してください: {', '.join(sorted(known))}",
            ),
        )
    items, criteria = statement.get("items", []), statement.get("criteria", {})
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        raise FieldInvalid(
            "anonymisation.items", Label("specify a list of item names", "項目名のリストにしてください")
        )
    if not isinstance(criteria, Mapping) or not set(criteria) <= set(CRITERIA):
        raise FieldInvalid(
            "anonymisation.criteria",
            Label(f"specify {', '.join(CRITERIA)}", f"次に回答してください: {', '.join(CRITERIA)}"),
        )
    for name, met in criteria.items():
        if not isinstance(met, bool):
            raise FieldInvalid(
                f"anonymisation.criteria.{name}",
                Label("specify true or false", "true か false にしてください"),
            )
    for name, meaning in TEXTS.items():
        if not isinstance(statement.get(name, ""), str):
            raise FieldInvalid(f"anonymisation.{name}", meaning)
    return {
        "items": [item.strip() for item in items],
        "criteria": {name: criteria.get(name, False) for name in CRITERIA},
        **{name: statement.get(name, "").strip() for name in TEXTS},
    }


def items_published(statement: Mapping[str, Any] | None) -> bool:
    """Whether the items and the method of provision are published beforehand (article 43(3), (4))."""
    return bool(statement and statement["items"] and statement["method"] and statement["published_at_url"])


def criteria_met(statement: Mapping[str, Any] | None) -> bool:
    """Whether the seller states that all five criteria of article 34 of the Rules are met."""
    return bool(statement and all(statement["criteria"].values()))
