"""The impact report of a draft: whom it would affect, and which rules would do so.

The draft and the rulebook that it replaces are evaluated on the same facts: of everybody who stands under the rules now, and of
the decisions of the last month, as recorded. Nothing is decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..errors import NoTariff, TariffUndecidable, UnknownPoint
from ..gathering import gather_many
from ..models import Decision
from ..points import PointKind
from ..populations import POPULATIONS
from ..providers import PARTY_FACTS
from ..queries import TRADE_FEE
from ..rulebook import CompiledRulebook, Verdict
from ..states import Basis, Outcome
from ..tariffs import fee_minor

SUBJECTS_MAX = 20_000
"""So many subjects of a point, and so many decisions, are evaluated at most; the report says when there were more."""
SHOWN_MAX = 100
"""So many affected subjects are listed at most; all are counted."""
DECISIONS_SINCE = timedelta(days=31)
CHUNK = 200
_PASSING = (Outcome.ALLOW, Outcome.WARN)

Progress = Callable[[int, int], None]


@dataclass
class Tally:
    """What two rulebooks do to the subjects of one point.

    ``parties_of`` are the organisations of the subjects to which a rule applies, ``in_common`` those that all of these share;
    ``parties`` and ``in_all`` the same of all subjects.
    """

    subjects: int = 0
    passing_before: int = 0
    passing_after: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    applies: Counter[str] = field(default_factory=Counter)
    undecidable: Counter[str] = field(default_factory=Counter)
    stops: Counter[str] = field(default_factory=Counter)
    parties_of: dict[str, set[str]] = field(default_factory=dict)
    in_common: dict[str, set[str]] = field(default_factory=dict)
    parties: set[str] = field(default_factory=set)
    in_all: set[str] | None = None
    affected: list[dict[str, Any]] = field(default_factory=list)
    is_cut: bool = False

    def add(self, subject: str, parties: list[str], before: str, after: Verdict) -> None:
        """Count one subject: its outcome before, and the verdict of the draft."""
        self.subjects += 1
        among = set(parties)
        self.parties |= among
        self.in_all = among if self.in_all is None else self.in_all & among
        passed, passes = before in _PASSING, after.outcome in _PASSING
        self.passing_before += passed
        self.passing_after += passes
        for reason in after.reasons:
            code = reason["rule"]
            if reason["basis"] == Basis.ERROR:
                self.undecidable[code] += 1
            elif reason["basis"] == Basis.RULE or not passes:
                # What no rule lets pass is stopped by the default, as by a rule that aims at it.
                self.applies[code] += 1
                self.parties_of.setdefault(code, set()).update(among)
                self.in_common[code] = self.in_common.get(code, among) & among
            if passed and not passes and reason["outcome"] == after.outcome:
                self.stops[code] += 1
        if before != after.outcome:
            self.changes[f"{before} > {after.outcome}"] += 1
            if len(self.affected) < SHOWN_MAX:
                rules = [reason["rule"] for reason in after.reasons if reason["outcome"] == after.outcome]
                self.affected.append(
                    {
                        "subject": subject,
                        "organisations": parties,
                        "before": before,
                        "after": after.outcome,
                        "rules": rules,
                    }
                )

    def as_json(self) -> dict[str, Any]:
        """The tally as it stands in a report."""
        codes = sorted({*self.applies, *self.undecidable, *self.stops})
        return {
            "subjects": self.subjects,
            "passing_before": self.passing_before,
            "passing_after": self.passing_after,
            "changes": dict(sorted(self.changes.items())),
            "rules": {
                code: {
                    "applies": self.applies[code],
                    "organisations": len(self.parties_of.get(code, ())),
                    "undecidable": self.undecidable[code],
                    "newly_stopped": self.stops[code],
                }
                for code in codes
            },
            "affected": self.affected,
            "is_cut": self.is_cut,
        }


def party_facts(types: Mapping[str, str]) -> list[str]:
    """The facts of a point that name its parties."""
    return [name for name in types if name.rpartition(".")[2] in PARTY_FACTS]


def tally_populations(
    draft: CompiledRulebook, before: CompiledRulebook | None, now: datetime, report: Progress
) -> dict[str, Tally]:
    """What the draft does to everybody who stands under the rules now, by point. Subjects that ended meanwhile are left out."""
    tallies: dict[str, Tally] = {}
    found = {point: list(_subjects(point)) for point in sorted(POPULATIONS)}
    total, done = sum(map(len, found.values())), 0
    for point, subjects in found.items():
        tally = tallies[point] = Tally(is_cut=len(subjects) > SUBJECTS_MAX)
        types = draft.facts_of(point)
        for start in range(0, len(subjects[:SUBJECTS_MAX]), CHUNK):
            chunk = subjects[start : min(start + CHUNK, SUBJECTS_MAX)]
            for subject, facts in gather_many(types, point, chunk, now).items():
                tally.add(
                    subject,
                    _parties(facts),
                    _outcome(before, point, facts),
                    draft.verdict(point, facts),
                )
            done += len(chunk)
            report(done, total)
    report(total, total)
    return tallies


def tally_decisions(draft: CompiledRulebook, now: datetime) -> dict[str, Tally]:
    """What the draft would have decided instead of each decision of the last month, by point, on the facts recorded."""
    tallies: dict[str, Tally] = {}
    rows = Decision.objects.filter(decided_at__gte=now - DECISIONS_SINCE).order_by("-pk")
    fields = rows.values_list("point", "subject", "facts", "outcome", "parties")[: SUBJECTS_MAX + 1]
    for at, (point, subject, facts, outcome, parties) in enumerate(fields.iterator(chunk_size=500)):
        tally = tallies.setdefault(point, Tally())
        if at == SUBJECTS_MAX:
            tally.is_cut = True
            break
        try:
            types = draft.facts_of(point)
        except UnknownPoint:
            continue
        tally.add(subject, parties, outcome, draft.verdict(point, {name: facts.get(name) for name in types}))
    return tallies


def compare_fees(
    draft: CompiledRulebook, before: CompiledRulebook | None, trades: list[dict[str, Any]]
) -> dict[str, Any]:
    """The fees on the trades of the last month under the draft and before it, in minor units by currency and tariff."""
    totals: dict[str, dict[str, int]] = {}
    tariffs: Counter[str] = Counter()
    for trade in trades:
        code, after_minor = _fee(draft, trade)
        tariffs[code] += 1
        total = totals.setdefault(trade["currency"], {"before_minor": 0, "after_minor": 0})
        total["after_minor"] += after_minor
        total["before_minor"] += _fee(before, trade)[1] if before else 0
    return {"trades": len(trades), "totals": totals, "tariffs": dict(sorted(tariffs.items()))}


def recent_trades(now: datetime) -> list[dict[str, Any]]:
    """Segment, price and currency of the trades that the rules admitted within the last month."""
    rows = Decision.objects.filter(
        point="trading", decided_at__gte=now - DECISIONS_SINCE, outcome__in=[str(each) for each in _PASSING]
    ).order_by("-pk")
    names = ("segment", "price_minor", "currency")
    facts = rows.values_list("facts", flat=True)[:SUBJECTS_MAX].iterator(chunk_size=500)
    found = ({name: each.get(f"trade.{name}") for name in names} for each in facts)
    return [trade for trade in found if None not in trade.values()]


def _subjects(point: str) -> Iterator[str]:
    return POPULATIONS[point].subjects(SUBJECTS_MAX + 1)


def _parties(facts: Mapping[str, Any]) -> list[str]:
    return sorted({facts[name] for name in party_facts(facts) if facts[name] is not None})


def _outcome(rules: CompiledRulebook | None, point: str, facts: Mapping[str, Any]) -> str:
    """The outcome under the rulebook before; before the first one everybody who stands has passed."""
    if rules is None or rules.points.get(point, {}).get("kind") != PointKind.DECISION:
        return Outcome.ALLOW.value
    return rules.verdict(point, facts).outcome


def _fee(rules: CompiledRulebook, trade: dict[str, Any]) -> tuple[str, int]:
    try:
        tariff = rules.tariff(TRADE_FEE, trade)
    except (NoTariff, TariffUndecidable, UnknownPoint):
        return "-", 0
    return tariff.code, fee_minor(tariff, trade["price_minor"])
