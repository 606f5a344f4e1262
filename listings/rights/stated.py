"""Whether one use, as it is stated, is within rights: what is asked at each access. By the one evaluator. Pure.

Purpose, place, person and count are stated or counted at each access. When rights end is no matter of one use.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from marketplace.kernel.labels import Label

from .answers import condition_words
from .choices import ContractType, DisclosureScope, Rights
from .constraints import Question, World
from .evaluation import evaluate, lacking
from .rules import Atom
from .serialisation import ACTIONS, rules_of

CHOICE_OF = {
    "purpose": "purposes",
    "spatial": "regions",
    "recipient": "disclosure_scope",
    "count": "use_count_max",
}
"""The choice that limits each fact which is known at an access, by its left operand."""
JUDGED_AT_ACCESS = frozenset(CHOICE_OF.values())


@dataclass(frozen=True, slots=True)
class StatedUse:
    """A use: for which ``purpose`` (``choices.Purpose``) and in which ``region`` (ISO 3166-1), or "" if that is not stated; by whom
    (``scope``: the narrowest scope of disclosure that the person is in); and which use it is, counted from 1."""

    purpose: str = ""
    region: str = ""
    scope: str = DisclosureScope.COMPANY.value
    number: int = 1


def not_met(rights: Rights, use: StatedUse, *, zone: ZoneInfo) -> dict[str, Label]:
    """What of the rights a use does not meet: the limit in words, by the name of the choice; empty if it is within all that is judged."""
    facts = {"purpose": f"m:{use.purpose}" if use.purpose else "", "spatial": use.region}
    facts |= {"recipient": f"m:{use.scope}", "count": str(use.number)}
    question = Question(
        ACTIONS[ContractType(rights.contract_type)][0],
        facts={name: value for name, value in facts.items() if value},
    )
    decided = evaluate(rules_of(rights), question, World(zone=zone)).decided_by
    conditions = [premise.condition for premise in lacking(decided)] if decided else []
    return {
        CHOICE_OF[one.left]: condition_words(one)
        for one in conditions
        if isinstance(one, Atom) and one.left in CHOICE_OF
    }
