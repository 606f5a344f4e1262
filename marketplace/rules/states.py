"""Outcomes of decisions, the basis of their reasons, and scopes of halts. Decisions have no states."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class Outcome(TextChoices):
    """The outcomes of a decision, weakest first. With ``allow`` and ``warn`` the subject passes."""

    ALLOW = "allow", Label("allowed", "許可")
    WARN = "warn", Label("allowed with a warning", "注意付き許可")
    HOLD = "hold", Label("on hold for review by the operator", "保留（運営者の審査待ち）")
    DENY = "deny", Label("denied", "拒否")


STRENGTH: tuple[str, ...] = tuple(Outcome.values)
"""Outcomes from the weakest to the strongest; if several rules apply, the strongest counts."""


class Basis(TextChoices):
    """The basis of one reason of a decision."""

    RULE = "rule", Label("a rule applies", "規則の適用")
    ERROR = "error", Label("a rule is undecidable", "規則を判定できない")
    DEFAULT = "default", Label("no rule applies", "適用される規則がない")


class Lane(TextChoices):
    """How a version of the rulebook is published."""

    ORDINARY = "ordinary", Label("after the notice period", "予告期間を経て施行")
    URGENT = "urgent", Label("at once: lists and tables of law only", "即時施行（法令上の名簿・表のみ）")


class HaltScope(TextChoices):
    """The scope of a halt, widest first."""

    MARKET = "market", Label("the whole market", "市場全体")
    SEGMENT = "segment", Label("a segment", "分野")
    LISTING = "listing", Label("a listing", "出品")


WIDTH: tuple[str, ...] = tuple(HaltScope.values)
"""Scopes from the widest to the narrowest; if several halts apply, the widest is named."""


def strongest(outcomes: Iterable[str]) -> Outcome:
    """The strongest of the outcomes (deny, hold, warn, allow); raises ValueError if there are none."""
    return Outcome(max(outcomes, key=STRENGTH.index))
