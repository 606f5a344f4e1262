"""The rights of use as text, in both languages. Pure."""

from __future__ import annotations

from typing import Any

from marketplace.kernel.labels import Label

from .choices import CHOICES, FLAGS, Purpose, Rights, label_of
from .limits import day_words, period_words
from .territories import country

TERMS: dict[str, Label] = {
    "contract_type": Label("Contract type", "契約形態"),
    "purposes": Label("Purpose", "利用目的"),
    "disclosure_scope": Label("Scope of disclosure", "開示範囲"),
    "onward_transfer": Label("Onward transfer to third parties", "第三者提供"),
    "regions": Label("Region", "利用地域"),
    "valid_until": Label("Valid until", "利用期限"),
    "duration": Label("Duration of use", "利用期間"),
    "use_count_max": Label("Largest number of uses", "利用回数上限"),
    "derivatives": Label("Derived data", "派生データの作成"),
    "model_training": Label("Training of models", "AI学習への利用"),
    "reidentification": Label("Re-identification of persons", "再識別"),
    "confidential": Label("Confidentiality", "秘密保持"),
    "attribution": Label("Attribution", "出典表示"),
    "delete_at_end": Label("Deletion at the end", "終了後の消去"),
    "report_use": Label("Report of use", "利用報告"),
    "accept_audit": Label("Audit", "監査の受入れ"),
    "exclusive": Label("Exclusivity", "独占"),
}
REQUIRED = Label("required", "義務あり")
EXCLUSIVE = Label(
    "exclusive to this buyer while the agreement is in force",
    "契約の有効期間中はこの利用者だけに許諾する",
)
EVERYWHERE = Label("everywhere", "制限なし")


def summary(rights: Rights) -> list[dict[str, Any]]:
    """The rights as text: ``{"term", "label": {"ja","en"}, "value": {"ja","en"}}`` each, in a fixed order.

    Terms without a restriction or requirement are left out.
    """
    chosen = rights.as_dict()
    lines = []
    for term, label in TERMS.items():
        words = term_words(term, chosen[term])
        if words is not None:
            lines.append({"term": term, "label": label.as_dict(), "value": words.as_dict()})
    return lines


def term_words(term: str, value: Any) -> Label | None:
    """The value of a term as text; None where it restricts or requires nothing."""
    if term in CHOICES:
        return label_of(CHOICES[term](value))
    if term == "purposes":
        labels = [label_of(Purpose(purpose)) for purpose in value]
        return Label(", ".join(map(str, labels)), "・".join(label.ja for label in labels))
    if term == "regions":
        return _regions(value)
    if term == "exclusive":
        return EXCLUSIVE if value else None
    if term in FLAGS:
        return REQUIRED if value else None
    if value is None:
        return None
    if term == "duration":
        return period_words(value)
    return day_words(value) if term == "valid_until" else Label(str(value), str(value))


def _regions(codes: list[str]) -> Label:
    if not codes:
        return EVERYWHERE
    names = [country(code) for code in codes]
    return Label(", ".join(map(str, names)), "・".join(name.ja for name in names))
