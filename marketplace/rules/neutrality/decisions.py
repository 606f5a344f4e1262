"""The decisions of a period as a bundle shows them, and which of them followed a name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marketplace.kernel import clock
from marketplace.kernel.canonical import canonical_json

from ..lexing import texts, tokens
from ..models import Decision, Rulebook
from ..rulebook import CompiledRulebook, Verdict
from .disclosure import Disclosure, Groups, Named, disclose, identifiers_in, rename
from .parts import ROWS_MAX, Part, PartTooLarge, Withheld
from .periods import Period
from .sealing import Seal
from .suppression import PARTIES_MIN, Cell, suppress

CHUNK = 1_000
Progress = Callable[[int, int], None]


class Rules:
    """A rulebook of the period, compiled anew from the database, and what its rules read and name at each point."""

    def __init__(self, rulebook: Rulebook) -> None:
        """Raises cel.ExpressionRefused if it no longer compiles."""
        self.rulebook = rulebook
        self.compiled = CompiledRulebook(rulebook.document, rulebook.vocabulary)
        self.points: Mapping[str, Any] = rulebook.vocabulary["points"]
        self._entries = [*rulebook.document["rules"], *rulebook.document.get("tariffs", [])]

    def reads(self, point: str) -> set[str]:
        """The facts that the rules or tariffs of a point read."""
        stated = self.rulebook.vocabulary["reads"]
        return {fact for entry in self._entries if entry["point"] == point for fact in stated[entry["code"]]}

    def named(self, point: str) -> Named:
        """The texts and numbers in the rules or tariffs of a point, and the organisations that the rulebook lists for it."""
        conditions = [entry["when"] for entry in self._entries if entry["point"] == point]
        lists = self.points[point].get("lists", {}).values()
        listed = {row["organisation"] for name in lists for row in self.rulebook.document.get(name, [])}
        return Named(
            listed.union(*map(texts, conditions)),
            _numbers(conditions),
            {
                fact: _numbers(
                    [entry["when"] for entry in self._entries if fact in self._read_by(entry, point)]
                )
                for fact in self.points[point].get("withheld", {})
            },
        )

    def _read_by(self, entry: Mapping[str, Any], point: str) -> list[str]:
        reads: list[str] = self.rulebook.vocabulary["reads"][entry["code"]]
        return reads if entry["point"] == point else []


def _numbers(conditions: Iterable[str]) -> list[int]:
    """The numbers in conditions, and their negatives, in ascending order."""
    numbers = {int(each.written) for when in conditions for each in tokens(when) if each.written.isdecimal()}
    return sorted(numbers | {-number for number in numbers})


@dataclass(slots=True)
class Followed:
    """What replaying with all names replaced gave: how many decisions, which differ, by which rules, about whom."""

    replayed: int = 0
    decisions: list[str] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)
    parties: set[str] = field(default_factory=set)

    def figures(self) -> dict[str, Any]:
        """The figures for everybody: how many decisions followed a name only if they concern enough parties."""
        is_shown = not self.parties or len(self.parties) >= PARTIES_MIN
        return {
            "replayed": self.replayed,
            "followed": len(self.decisions) if is_shown else None,
            "rules": sorted(self.rules),
        }


@dataclass(frozen=True, slots=True)
class _Read:
    decision: Decision
    parties: dict[str, str]
    shown: Disclosure
    why: Withheld | None


def decisions_of(period: Period) -> list[Decision]:
    """The decisions of a period in their order; raises PartTooLarge for more than a part has room for."""
    rows = list(Decision.objects.filter(**period.window("decided_at")).order_by("pk")[: ROWS_MAX + 1])
    if len(rows) > ROWS_MAX:
        raise PartTooLarge("decisions")
    return rows


def rules_of(decisions: Iterable[Decision]) -> dict[int, Rules]:
    """The rulebooks of decisions by their keys."""
    keys = {decision.rulebook_id for decision in decisions}
    return {key: Rules(rulebook) for key, rulebook in Rulebook.objects.in_bulk(keys).items()}


def outline(verdict: Verdict) -> tuple[str, list[tuple[str, str, str]]]:
    """What of a verdict does not depend on texts: the outcome, and each reason's rule, outcome and basis."""
    return verdict.outcome, [(why["rule"], why["outcome"], why["basis"]) for why in verdict.reasons]


def codes_that_differ(one: Verdict, other: Verdict) -> set[str]:
    """The rules that gave a reason in one verdict only."""
    first, second = ({why[0] for why in outline(verdict)[1]} for verdict in (one, other))
    return first ^ second


def show_decisions(period: Period, seal: Seal, progress: Progress) -> tuple[Part, Followed]:
    """The decisions of a period for everybody, and which of them follow names."""
    decisions = decisions_of(period)
    rules, parties = rules_of(decisions), _parties_of(decisions)
    part, followed, groups, read = Part("decisions", seal), Followed(), Groups(), []
    for done, decision in enumerate(decisions):
        each = _read(decision, rules[decision.rulebook_id], parties.get(decision.subject, {}), seal, followed)
        if each.why is None:
            groups.add(_group(each), each.parties)
        read.append(each)
        if done % CHUNK == 0:
            progress(done, len(decisions))
    for each in read:
        why = each.why
        if why is None and not groups.is_large(_group(each)):
            why = Withheld.FEW_PARTIES
        part.add(
            each.decision.public_id,
            _row(each, rules[each.decision.rulebook_id]),
            _content(each.decision, rules),
            why,
        )
    part.sort()
    return part, followed


def count_decisions(period: Period) -> dict[str, dict[str, int | None]]:
    """How many decisions of a period had which outcome at each point; null where they tell of fewer than three parties."""
    decisions = decisions_of(period)
    parties = _parties_of(decisions)
    events: dict[str, Counter[str]] = defaultdict(Counter)
    behind: dict[tuple[str, str], set[str]] = defaultdict(set)
    for decision in decisions:
        events[decision.outcome][decision.point] += 1
        behind[decision.outcome, decision.point].update(parties.get(decision.subject, {}).values())
    found: dict[str, dict[str, int | None]] = defaultdict(dict)
    for outcome, counted in sorted(events.items()):
        cells = {point: Cell(count, len(behind[outcome, point])) for point, count in counted.items()}
        together = set().union(*(behind[outcome, point] for point in counted))
        shown = suppress(Cell(counted.total(), len(together)), cells).cells
        for point, cell in shown.items():
            # Decisions at a neutral point about whom no other decision tells have no parties that are known.
            found[point][outcome] = cell.events if cell is not None and cell.parties else None
    return dict(found)


def _parties_of(decisions: Iterable[Decision]) -> dict[str, dict[str, str]]:
    """The parties of each subject by the facts that name them: a neutral point knows none, another about it does."""
    found: dict[str, dict[str, str]] = {}
    for decision in decisions:
        named = {name: value for name, value in decision.facts.items() if value in decision.parties}
        found.setdefault(decision.subject, {}).update(named)
    return found


def _read(decision: Decision, rules: Rules, parties: dict[str, str], seal: Seal, followed: Followed) -> _Read:
    point, item = decision.point, seal.item("decisions", decision.public_id)
    named = rules.named(point)
    shown = disclose(
        decision.facts,
        types=rules.points[point]["facts"],
        reads=rules.reads(point),
        named=named,
        seal=seal,
        item=item,
    )
    names = identifiers_in(decision.facts)
    verdict = rules.compiled.verdict(point, decision.facts)
    renamed = rules.compiled.verdict(
        point, rename(decision.facts, {name: seal.token(name, item) for name in names})
    )
    followed.replayed += 1
    if outline(renamed) != outline(verdict):
        followed.decisions.append(decision.public_id)
        followed.rules |= codes_that_differ(verdict, renamed)
        followed.parties |= set(parties.values())
        return _Read(decision, parties, shown, Withheld.NAMES_A_PARTY)
    if names & set(named.texts):
        return _Read(decision, parties, shown, Withheld.NAMES_A_PARTY)
    if outline(rules.compiled.verdict(point, shown.facts)) != outline(verdict):
        return _Read(decision, parties, shown, Withheld.NOT_PSEUDONYMOUS)
    return _Read(decision, parties, shown, None)


def _group(read: _Read) -> Hashable:
    """All that a row shows: rows of one group cannot be told apart, whatever an outsider knows of their parties."""
    decision = read.decision
    day, reasons = clock.business_date(decision.decided_at), canonical_json(_reasons(decision))
    return decision.point, decision.rulebook_id, day, read.shown.looks, decision.outcome, reasons


def _reasons(decision: Decision) -> list[dict[str, Any]]:
    return [{key: why[key] for key in ("rule", "outcome", "basis")} for why in decision.reasons]


def _row(read: _Read, rules: Rules) -> dict[str, Any]:
    decision = read.decision
    return {
        "point": decision.point,
        "rulebook": rules.rulebook.public_id,
        "decided_on": clock.business_date(decision.decided_at).isoformat(),
        "facts": read.shown.facts,
        "committed": read.shown.committed,
        "outcome": decision.outcome,
        "reasons": _reasons(decision),
    }


def _content(decision: Decision, rules: Mapping[int, Rules]) -> dict[str, Any]:
    rulebook = rules[decision.rulebook_id].rulebook
    return {
        "point": decision.point,
        "subject": decision.subject,
        "rulebook": rulebook.public_id,
        "rulebook_digest": rulebook.digest,
        "vocabulary_digest": rulebook.vocabulary_digest,
        "facts": decision.facts,
        "outcome": decision.outcome,
        "reasons": decision.reasons,
        "salt": decision.salt,
        "digest": decision.digest,
        "parties": decision.parties,
        "actor": decision.actor,
        "decided_at": decision.decided_at.isoformat(),
    }
