"""The words of reasons that no rule of the document states. Pure.

A rulebook keeps them in its vocabulary when it is published, so a decision is replayed with the words that it showed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.labels import Label

from .states import Outcome

Words = Mapping[str, Mapping[str, Any]]

NO_RULE_APPLIES = Label(
    "No rule applies. Default outcome: {outcome}.", "適用される規則がありません。既定の判定: {outcome}"
)
NOT_KNOWN = Label(
    "The rule {rule} is undecidable because these facts are unknown: {facts}. The operator reviews the case.",
    "規則 {rule} は次の事実が不明なため判定できません: {facts}。運営者が審査します。",
)
NOT_COMPUTED = Label(
    "The rule {rule} is undecidable from the recorded facts. The operator reviews the case.",
    "規則 {rule} は記録された事実からは判定できません。運営者が審査します。",
)
WITHHELD_RULE = "OTHER_PARTY"
"""In place of the code of a rule that rests on what its reader may not read; no rule can have it."""
WITHHELD = Label(
    "A rule of the rulebook about the other party applies.", "相手方に関する規程の規則が適用されます。"
)

FIRST_WORDS: Words = {
    "no_rule_applies": {
        "en": "No rule applies. Default outcome: {outcome}.",
        "ja": "適用される規則がありません。既定の判定: {outcome}",
    },
    "not_known": {
        "en": "The rule {rule} is undecidable because these facts are unknown: {facts}. The operator reviews the case.",
        "ja": "規則 {rule} は次の事実が不明なため判定できません: {facts}。運営者が審査します。",
    },
    "not_computed": {
        "en": "The rule {rule} is undecidable from the recorded facts. The operator reviews the case.",
        "ja": "規則 {rule} は記録された事実からは判定できません。運営者が審査します。",
    },
    "outcomes": {
        "allow": {"en": "allowed", "ja": "許可"},
        "warn": {"en": "allowed with a warning", "ja": "注意付き許可"},
        "hold": {"en": "on hold for review by the operator", "ja": "保留（運営者の審査待ち）"},
        "deny": {"en": "denied", "ja": "拒否"},
    },
}
"""The words of rulebooks whose vocabulary has none: they never change, because decisions rest on them."""


def current_words() -> dict[str, Any]:
    """The words as they are now, as JSON for a vocabulary."""
    return {
        "no_rule_applies": NO_RULE_APPLIES.as_dict(),
        "not_known": NOT_KNOWN.as_dict(),
        "not_computed": NOT_COMPUTED.as_dict(),
        "outcomes": {outcome.value: _both(outcome.label) for outcome in Outcome},
    }


def filled(words: Mapping[str, str], **values: str | Mapping[str, str]) -> dict[str, str]:
    """A text in both languages with its values; a value may differ by language. Only whole names in braces are filled."""
    said = {}
    for language in ("ja", "en"):
        text = words[language]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value if isinstance(value, str) else value[language])
        said[language] = text
    return said


def _both(label: Any) -> dict[str, str]:
    return label.as_dict() if isinstance(label, Label) else {"ja": str(label), "en": str(label)}
