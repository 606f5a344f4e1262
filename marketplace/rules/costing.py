"""How many steps a condition takes at most, from its text and the lengths of the lists it names. Pure.

A list that is named where a condition goes through another one is gone through each time. Only ``in`` may do so, and its
steps are counted; a comparison of whole lists there, or a list within a list, would multiply them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any, Final

from marketplace.kernel.labels import Label

from .lexing import COMPREHENSIONS, COMPREHENSIONS_MAX, Fault, Token, called, last_argument, tokens
from .providers import LIST_LENGTH_MAX, NULLABLE

CONDITION_STEPS_MAX: Final = 5_000_000
POINT_STEPS_MAX: Final = 10_000_000
"""A step takes the engine 0.04 to 0.2 microseconds, so a decision takes a second or so at worst."""
EXAMPLES_STEPS_MAX: Final = 1_000_000
"""So trying the examples takes the web 0.2 s at most, whenever a document is saved."""
EVALUATION_STEPS: Final = 100
"""Steps of evaluating any condition, beside its own: 19 microseconds."""
CONDITIONS_LENGTH_MAX: Final = 25_000
"""Characters of all conditions of a document: each is compiled whenever it is saved, at 12 to 18 microseconds a character."""
_CALL_STEPS: Final = 20
_CONTAINS_STEPS: Final = 100
"""Steps of a function on the longest text."""
_PATTERN_STEPS: Final = 200
"""Steps for a character of a pattern, as often as it is repeated: the engine compiles it whenever it evaluates it."""
_REPEATED_MAX: Final = 1_000
"""RE2 refuses what is repeated more often."""
_REPEATED: Final = re.compile(r"\{(?:\d*,)?(\d+),?\}")

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
    bodies = list(_bodies(found))
    if len(bodies) > COMPREHENSIONS_MAX:
        return CONDITION_STEPS_MAX + 1
    steps = [_steps_at(found, at, sizes) for at in range(len(found))]
    longest = max([len(found), *(sizes[_name(found, at)] for at, _ in _lists(found, sizes))])
    return sum(steps) + sum(longest * _steps_of_body(found, start, steps) for start in bodies)


def steps_by_point(
    document: Mapping[str, Any], points: Mapping[str, Any], sizes: Mapping[str, Mapping[str, int]]
) -> Counter[str]:
    """The steps that one decision takes at most, by point of the vocabulary; ``sizes`` of its lists, by point."""
    steps: Counter[str] = Counter()
    for entry in (*document["rules"], *document.get("tariffs", [])):
        if entry["point"] in points:
            steps[entry["point"]] += steps_of(entry["when"], sizes[entry["point"]])
    return steps


def steps_of_examples(document: Mapping[str, Any], points: Mapping[str, Any]) -> int:
    """The steps that trying a document's examples takes at most, with the longest lists that they state."""
    stated = document.get("examples", {})
    cases = [case for case in stated.get("cases", []) if case["point"] in points]
    sizes = {code: sizes_of(point, document) for code, point in points.items()}
    for code, lengths in sizes.items():
        facts = [
            stated.get("facts", {}).get(code, {}),
            *(each["facts"] for each in cases if each["point"] == code),
        ]
        for name in lengths.keys() & points[code]["facts"].keys():
            values = (each.get(name) for each in facts)
            lengths[name] = max((len(value) for value in values if isinstance(value, list)), default=0)
    steps = steps_by_point(document, points, sizes)
    entries = Counter(entry["point"] for entry in (*document["rules"], *document.get("tariffs", [])))
    return sum(steps[case["point"]] + EVALUATION_STEPS * entries[case["point"]] for case in cases)


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


def _steps_of_body(found: Sequence[Token], start: int, steps: Sequence[int]) -> int:
    """The steps of one round of a body, whose bracket is at ``start``."""
    depth = 0
    for at in range(start, len(found)):
        if found[at].written in ("(", "[", "{"):
            depth += 1
        elif found[at].written in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                return sum(steps[start:at])
    return sum(steps[start:])


def _steps_at(found: Sequence[Token], at: int, sizes: Mapping[str, int]) -> int:
    """The steps of what one token stands for: a list that is named, a function, or one."""
    if (name := _name(found, at)) in sizes:
        return 1 + sizes[name]
    if found[at].kind != "name" or found[at + 1 : at + 2] == [] or found[at + 1].written != "(":
        return 1
    if found[at].written == "matches" and (pattern := last_argument(found, at + 1)) is not None:
        written = found[pattern].value
        times = prod(int(each) or 1 for each in _REPEATED.findall(written))
        return _PATTERN_STEPS * len(written) * min(times, _REPEATED_MAX)
    return _CONTAINS_STEPS if found[at].written == "contains" else _CALL_STEPS
