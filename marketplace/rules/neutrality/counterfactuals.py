"""Replays the decisions of a period with two identities swapped: what follows facts comes out the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from .decisions import CHUNK, Progress, codes_that_differ, decisions_of, outline, rules_of
from .disclosure import rename
from .periods import Period


@dataclass(slots=True)
class Swapped:
    """How many decisions were replayed, which came out otherwise, and the rules by which they differ."""

    decisions: int = 0
    followed: list[str] = field(default_factory=list)
    rules: set[str] = field(default_factory=set)


def swap(period: Period, first: str, second: str, progress: Progress) -> Swapped:
    """Replay a period with the identifiers ``first`` and ``second`` swapped in every fact. Raises PartTooLarge.

    Only names are swapped: what the market knows of each, such as an affiliation, stays a fact. Tariffs and neutral points
    know no names, so fees need no replay.
    """
    found = Swapped()
    decisions = decisions_of(period)
    rules = rules_of(decisions)
    names = {first: second, second: first}
    for done, decision in enumerate(decisions):
        compiled = rules[decision.rulebook_id].compiled
        as_it_was = compiled.verdict(decision.point, decision.facts)
        swapped = compiled.verdict(decision.point, rename(decision.facts, names))
        found.decisions += 1
        if outline(swapped) != outline(as_it_was):
            found.followed.append(decision.public_id)
            found.rules |= codes_that_differ(as_it_was, swapped)
        if done % CHUNK == 0:
            progress(done, len(decisions))
    return found
