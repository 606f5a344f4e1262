"""What costs nothing: open data under an open licence, or a trial. Pure.

A price of 0 is one charge that is secured at once, so that access begins with the conclusion and nothing is paid in or cleared.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from listings.states import Charging
from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..terms import Terms

FREE_CLAUSES: Final = ("open-licence", "trial")
"""A template with one of these clauses may cost nothing."""
PRICED = Label(
    "a price of 0 is open data or a trial: choose a template with one of the clauses {clauses}, or state a price",
    "価格0は、オープンデータまたは試用に限られます。条項 {clauses} のいずれかを含むひな形を選ぶか、価格を指定してください",
).fill({"clauses": ", ".join(FREE_CLAUSES)})
ONCE = Label(
    "what costs nothing is charged once and shared with nobody: omit the terms of charging",
    "無償の場合、課金の方法と受益者は指定できません。省略してください",
)
NOT_COMMISSIONED = Label("commissioned work has a price", "委託による作成には対価が必要です")


def require_free_as_open(terms: Terms, clauses: Collection[str], *, prefix: str = "terms") -> None:
    """Check that what costs nothing is open data or a trial by the ``clauses`` (codes) of its template.

    Raises FieldInvalid, which names ``<prefix>.price_minor``, ``charging`` or ``commission``.
    """
    if terms.price_minor:
        return
    if not set(clauses) & set(FREE_CLAUSES):
        raise FieldInvalid(f"{prefix}.price_minor", PRICED)
    if terms.charging.kind != Charging.ONE_OFF or terms.charging.shares:
        raise FieldInvalid(f"{prefix}.charging", ONCE)
    if terms.commission is not None:
        raise FieldInvalid(f"{prefix}.commission", NOT_COMMISSIONED)


def priced_unlawfully(price_minor: str, charging: str, clauses: str) -> str:
    """Whether something costs nothing and is neither open data nor a trial: its price, terms of charging and the codes of the clauses of its
    template (JSON) in SQL."""
    listed = ", ".join(f"'{code}'" for code in FREE_CLAUSES)
    return f"""({price_minor} = 0 AND NOT coalesce({clauses} ?| ARRAY[{listed}]
        AND coalesce({charging} ->> 'kind', 'one_off') = 'one_off' AND {charging} -> 'shares' IS NULL, false))"""
