"""The declarations of an application for admission: known names, each with one type. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

REQUIRED: dict[str, type] = {"antisocial_forces_excluded": bool, "security_contact": str}
OPTIONAL: dict[str, type] = {
    "barred_by_privacy_law": bool,
    "data_governance": str,
    "purpose": str,
}
TYPES = {**REQUIRED, **OPTIONAL}

DESCRIPTIONS = {
    "antisocial_forces_excluded": Label(
        "You declare that you have no ties with antisocial forces", "反社会的勢力との関係がないことの表明"
    ),
    "security_contact": Label("Contact for security matters", "安全管理の連絡窓口"),
    "barred_by_privacy_law": Label(
        "You are disqualified from handling anonymised data of public bodies (privacy act, article 113)",
        "行政機関等匿名加工情報の欠格事由（個人情報保護法113条）への該当",
    ),
    "data_governance": Label("Data governance policy", "データガバナンスの方針"),
    "purpose": Label("Purpose for which the data is used", "データの利用目的"),
}

_WORDS = {
    bool: Label("specify true or false", "true か false を指定してください"),
    str: Label("specify a text", "文字列で指定してください"),
}


def check_declarations(stated: Mapping[str, Any]) -> dict[str, Any]:
    """``stated``, checked; raises FieldInvalid for a declaration that is missing, unknown or of the wrong type."""
    for name in sorted(set(REQUIRED) - set(stated)):
        raise FieldInvalid(
            f"declarations.{name}", Label("every applicant must declare this", "必ず申告してください")
        )
    for name, value in stated.items():
        if name not in TYPES:
            known = ", ".join(TYPES)
            raise FieldInvalid(
                f"declarations.{name}", Label(f"known declarations are {known}", f"申告できる項目: {known}")
            )
        if type(value) is not TYPES[name]:
            raise FieldInvalid(f"declarations.{name}", _WORDS[TYPES[name]])
    return dict(stated)
