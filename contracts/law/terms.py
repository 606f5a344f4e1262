"""Which terms a rulebook makes unlawful. Pure.

An entry of the section ``unlawful_terms`` names a term by its path and the values that are lawful (``in``), unlawful (``not_in``), or the
highest number that is lawful (``at_most``), of all segments or of those that it lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marketplace.kernel.errors import FieldInvalid
from marketplace.kernel.labels import Label

from ..library.demands import is_met, value_at

Entry = Mapping[str, Any]


def entries_for(law: Iterable[Entry], segment: str) -> tuple[Entry, ...]:
    """The entries that hold in a segment (code)."""
    return tuple(entry for entry in law if segment in entry.get("segments", (segment,)))


def breached(stated: Mapping[str, Any], law: Iterable[Entry]) -> Iterator[Entry]:
    """The entries that terms, as they are stated in what is signed, do not meet."""
    return (entry for entry in law if not _is_lawful(entry, value_at(stated, entry["term"])))


def require_lawful_terms(stated: Mapping[str, Any], law: Iterable[Entry], *, prefix: str = "terms") -> None:
    """Raise FieldInvalid, which names the first unlawful term as ``<prefix>.<term>``, with the entry and its words."""
    for entry in breached(stated, law):
        raise FieldInvalid(
            f"{prefix}.{entry['term']}",
            Label(
                "unlawful by {code} of the rulebook: {en} ({source}); change the term",
                "規程の {code} により違法です：{ja}（{source}）。条件を変更してください",
            ).fill({"code": entry["code"], **entry["text"], "source": entry["source"]}),
        )


def _is_lawful(entry: Entry, value: Any) -> bool:
    highest = entry.get("at_most")
    if highest is not None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return not is_number or value <= highest
    return is_met(entry, value)
