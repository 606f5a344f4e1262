"""How many steps a condition takes at most, from its text and the lengths of the lists it names. Pure.

A list that is named where a condition goes through another one is gone through each time. Only ``in`` may do so, and its
steps are counted; a comparison of whole lists there, or a list within a list, would multiply them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from marketplace.kernel.labels import Label

from .lexing import COMPREHENSIONS, Fault, Token, called, tokens
from .providers import LIST_LENGTH_MAX, NULLABLE

CONDITION_STEPS_MAX: Final = 10_000_000
POINT_STEPS_MAX: Final = 40_000_000
"""What one decision takes: a second or so."""
EXAMPLES_STEPS_MAX: Final = 200_000_000
CONDITIONS_LENGTH_MAX: Final = 100_000
"""Characters of all conditions of a document: each is compiled whenever it is saved."""
_STEPS: Final = {"matches": 200, "contains": 1_000}
"""Steps of a function on the longest text, instead of one."""

WHOLE_LIST: Final = Label(
    "while a condition goes through a list, another list may stand after in only, and no list within a list",
    "リストの走査中に使えるほかのリストは、in の右辺だけです。リストの中にリストを置くこともできません",
)
BACKTICK: Final = Label("write names without backticks", "名前にバッククォートは使えません")


def sizes_of(point: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, int]:
    """The longest that each list is which conditions of a point of the vocabulary may name."""
    facts = {
        name: LIST_LENGTH_MAX
        for name, kind in point["facts"].items()
        if kind.removesuffix(NULLABLE).startswith("list(")
    }
    listed = {name: len(document.get(section, [])) for name, section in point.get("lists", {}).items()}
    return facts | listed


def faults_of_lists(text: str, sizes: Mapping[str, int]) -> list[Fault]:
    """Places where a whole list would be gone through again and again, and names that hide from this reading."""
    found = tokens(text)
    return [Fault(token.offset, BACKTICK) for token in found if token.written == "`"] or [
        Fault(found[at].offset, WHOLE_LIST)
        for at, is_within in _lists(found, sizes)
        if is_within and not _stands_after_in(found, at)
    ]


def steps_of(text: str, sizes: Mapping[str, int]) -> int:
    """The steps that a condition without ``faults_of_lists`` takes at most."""
    found = tokens(text)
    longest = max([len(found), *(sizes[_name(found, at)] for at, _ in _lists(found, sizes))])
    once = sum(map(_weight, found)) + sum(sizes[_name(found, at)] for at, _ in _lists(found, sizes))
    return once + sum(longest * _steps_of_body(found, start, sizes) for start in _bodies(found))


def steps_by_point(document: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> Counter[str]:
    """The steps that one decision takes at most, by point of the vocabulary."""
    steps: Counter[str] = Counter()
    points = {code: sizes_of(point, document) for code, point in vocabulary["points"].items()}
    for entry in (*document["rules"], *document.get("tariffs", [])):
        if entry["point"] in points:
            steps[entry["point"]] += steps_of(entry["when"], points[entry["point"]])
    return steps


def steps_of_examples(document: Mapping[str, Any], steps: Mapping[str, int]) -> int:
    """The steps that trying a document's examples takes at most."""
    return sum(steps.get(case["point"], 0) for case in document.get("examples", {}).get("cases", []))


def _lists(found: Sequence[Token], sizes: Mapping[str, int]) -> Iterator[tuple[int, bool]]:
    """Where lists are named, and whether that is within a body that goes through a list, or within a list or map."""
    open_brackets: list[bool] = []
    for at, token in enumerate(found):
        if token.written in ("(", "[", "{"):
            open_brackets.append(token.written != "(" or called(found, at) in COMPREHENSIONS)
        elif token.written in (")", "]", "}") and open_brackets:
            open_brackets.pop()
        elif _name(found, at) in sizes:
            yield at, any(open_brackets)


def _name(found: Sequence[Token], at: int) -> str:
    """The qualified name that starts at a token, ``guest.badges``; empty if none does."""
    parts = found[at : at + 3]
    if len(parts) < 3 or (parts[0].kind, parts[1].written, parts[2].kind) != ("name", ".", "name"):
        return ""
    return f"{parts[0].written}.{parts[2].written}"


def _stands_after_in(found: Sequence[Token], at: int) -> bool:
    """Whether the list is the right side of ``in`` and nothing is done with it."""
    after = found[at + 3 : at + 4]
    return at > 0 and found[at - 1].written == "in" and not (after and after[0].written in (".", "["))


def _bodies(found: Sequence[Token]) -> Iterator[int]:
    for at, token in enumerate(found):
        if token.written == "(" and called(found, at) in COMPREHENSIONS:
            yield at


def _steps_of_body(found: Sequence[Token], start: int, sizes: Mapping[str, int]) -> int:
    """The steps of one round of a body, whose bracket is at ``start``."""
    depth, steps = 0, 0
    for at in range(start, len(found)):
        if found[at].written in ("(", "[", "{"):
            depth += 1
        elif found[at].written in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                break
        steps += _weight(found[at]) + sizes.get(_name(found, at), 0)
    return steps


def _weight(token: Token) -> int:
    return _STEPS.get(token.written, 1) if token.kind == "name" else 1
