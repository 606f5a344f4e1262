"""Which terms of agreements the rulebook in force makes unlawful."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.kernel import clock

from .models import Rulebook

COMPILED_MAX = 16

_law: OrderedDict[str, tuple[Mapping[str, Any], ...]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class LawInForce:
    """The rulebook in force: its key and public identifier, 0 and empty without one; since when; the hash of its document."""

    id: int
    public_id: str
    effective_from: datetime
    digest: str


def law_in_force() -> LawInForce:
    """The rulebook in force now."""
    row = (
        Rulebook.objects.filter(effective_from__lte=clock.now())
        .order_by("-number")
        .values_list("pk", "public_id", "effective_from", "digest")
        .first()
    )
    return LawInForce(*row) if row else LawInForce(0, "", clock.now(), "")


def unlawful_terms() -> tuple[Mapping[str, Any], ...]:
    """The entries of the section ``unlawful_terms`` of the rulebook in force, in its order; cached by its content for the life of the
    process, so a call reads one short row."""
    rulebook = law_in_force()
    if not rulebook.id:
        return ()
    stated = _law.get(rulebook.digest)
    if stated is None:
        entries = Rulebook.objects.values_list("document__unlawful_terms", flat=True).get(pk=rulebook.id)
        stated = _law[rulebook.digest] = tuple(entries or ())
        while len(_law) > COMPILED_MAX:
            _law.popitem(last=False)
    return stated
