"""What a rule can come to, and on what an outcome rests. Decisions are made once and have no life after that."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices

from marketplace.kernel.labels import Label


class Outcome(TextChoices):
    """The outcomes of a decision, weakest first. ``allow`` and ``warn`` let the subject pass, the others do not."""

    ALLOW = "allow", Label("allowed", "許可")
    WARN = "warn", Label("allowed with a warning", "注意付き許可")
    HOLD = "hold", Label("on hold for a person", "保留（人による確認待ち）")
    DENY = "deny", Label("denied", "拒否")


STRENGTH: tuple[str, ...] = tuple(Outcome.values)
"""Outcomes from the weakest to the strongest: where several rules apply, the strongest is the decision."""


class Basis(TextChoices):
    """On what one reason of a decision rests."""

    RULE = "rule", Label("a rule applies", "規則の適用")
    ERROR = "error", Label("a rule could not be decided", "規則を判定できない")
    DEFAULT = "default", Label("no rule applies", "適用される規則がない")


class HaltScope(TextChoices):
    """Of what trading is halted, widest first."""

    MARKET = "market", Label("the whole market", "市場全体")
    SEGMENT = "segment", Label("a segment", "分野")
    LISTING = "listing", Label("a listing", "出品")


WIDTH: tuple[str, ...] = tuple(HaltScope.values)
"""Scopes from the widest to the narrowest: where several halts hold at once, the widest is named."""


def strongest(outcomes: Iterable[str]) -> Outcome:
    """The strongest of some outcomes (deny, hold, warn, allow); raises ValueError if there is none."""
    return Outcome(max(outcomes, key=STRENGTH.index))
