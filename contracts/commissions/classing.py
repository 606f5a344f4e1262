"""Class commissioned work by the sizes that both parties state: at each proposal, and again where it is accepted and signed."""

from __future__ import annotations

from dataclasses import replace

from marketplace.kernel import clock
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label
from marketplace.participants.queries import sizes_of

from ..terms import Terms
from .law import missing_sizes
from .terms import with_findings

MISSING = Label(
    "state by fact-changes/ what decides whether a law on commissioned work applies, and propose the terms again: {missing}",
    "委託に関する法律の適用を判定するため、fact-changes/ で次の規模を登録し、条件を改めて提示してください: {missing}",
)
CHANGED = Label(
    "a party has stated another size since: propose the terms again",
    "当事者の規模の登録が変わりました。条件を改めて提示してください",
)


def classed(terms: Terms, *, buyer_id: int, seller_id: int) -> Terms:
    """The terms with what the laws say today of the sizes that the parties (database keys) state."""
    if terms.commission is None:
        return terms
    sizes = sizes_of([buyer_id, seller_id])
    return replace(
        terms,
        commission=with_findings(
            terms.commission, buyer=sizes[buyer_id], seller=sizes[seller_id], on=clock.today()
        ),
    )


def require_classed(terms: Terms, *, buyer_id: int, seller_id: int) -> None:
    """Raise FieldInvalid unless it is known which laws apply, and by the sizes that the parties state now."""
    require_known(terms)
    if classed(terms, buyer_id=buyer_id, seller_id=seller_id) != terms:
        raise FieldInvalid("terms.commission", CHANGED)


def require_known(terms: Terms) -> None:
    """Raise FieldInvalid, with the sizes to be stated, while it is not known whether a law applies."""
    if terms.commission is None:
        return
    missing = missing_sizes(terms.commission["findings"])
    if missing:
        raise FieldInvalid("terms.commission", MISSING.fill({"missing": ", ".join(missing)}))
