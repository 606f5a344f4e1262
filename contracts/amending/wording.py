"""What the text of a version says of itself, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.kernel.labels import Label

from ..renewing.words import RECORDED

HEADING = Label("Amendment", "契約の変更")
TEXT = Label(
    "This document is version {version} of the agreement {agreement} and replaces the version before it (signed hash {replaces}). It takes effect at the beginning"
    " of {effective_on} (Japan time); until then the version before it holds. Periods count from the conclusion of the agreement. What fell due, was delivered or was"
    " accepted before stays as it was: of the charges listed above, those before number {from_charge} are as the earlier versions state them.",
    "本書は契約 {agreement} の第{version}版であり、直前の版（署名対象のハッシュ値 {replaces}）に代わる。{effective_on}の0時（日本時間）に効力を生じ、それまでは直前の版による。"
    "期間は契約成立の日から起算する。それまでに履行期が到来し、提供され、または検収されたものは変更されない。"
    "上記の課金のうち{from_charge}回目より前のものは、従前の版の定めによる。",
)


def amendment_text(content: Mapping[str, Any], language: str) -> str:
    """The section of a version about what it amends, with its heading, or nothing for what amends nothing."""
    if "amends" not in content:
        return ""
    said = TEXT.in_language(language).format(**content["amends"])
    if "renewal" in content["amends"]:
        said += f"\n{RECORDED.in_language(language)}"
    return f"\n\n## {HEADING.in_language(language)}\n\n{said}"
