"""The tokens of a condition, for limits on its cost and for what it names. Pure.

The compiler of the language checks meaning; this reads the text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from marketplace.kernel.labels import Label

COMPREHENSIONS_MAX = 5
"""How often one condition may go through a list; each goes through it once, because they are not nested."""
COMPREHENSIONS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map"})
_ZONED = re.compile(r"get(?:FullYear|Month|Date|DayOf\w+|Hours|Minutes|Seconds|Milliseconds)")
_OFFSET = re.compile(r"(?:UTC|[+-]?\d{2}:\d{2})")
_DEAR = re.compile(r"\\[pPxXuU0-7]")
_TOKEN = re.compile(
    r"""
    (?P<space>[\s]+|//[^\n]*)
  | (?P<raw>(?:[rR]|[bB][rR])(?:'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*"))
  | (?P<text>[bB]?(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"
        |'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
  | (?P<number>0x[0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[uU]?)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>==|!=|<=|>=|&&|\|\||.)
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED = re.compile(r"""^[rRbB]*('''|\"\"\"|'|")(.*)\1$""", re.DOTALL)


class Token(NamedTuple):
    """One token: its kind (``text``, ``number``, ``name``, ``sign``), what is written, and where it starts."""

    kind: str
    written: str
    offset: int

    @property
    def value(self) -> str:
        """The content of a text between its quotes; escapes stay as they are written."""
        quoted = _QUOTED.match(self.written)
        return quoted[2] if quoted else self.written


@dataclass(frozen=True, slots=True)
class Fault:
    """What a condition may not contain, and where it starts."""

    offset: int
    message: Label


NESTED = Label(
    "go through one list at a time: all, exists, filter and map cannot be nested",
    "all・exists・filter・map は入れ子にできません。一つのリストずつ判定してください",
)
TOO_MANY = Label(
    f"a condition goes through lists at most {COMPREHENSIONS_MAX} times",
    f"一つの条件でリストを走査できるのは{COMPREHENSIONS_MAX}回までです",
)
COMPUTED_PATTERN = Label(
    "write the pattern of matches() as a text, so that it can be checked",
    "matches() のパターンは、検査できるように文字列で直接記述してください",
)
DEAR_PATTERN = Label(
    "write classes of characters in patterns as ranges such as [ぁ-ん], not as \\p, and characters without \\x, \\u or octals",
    "パターンの文字クラスは \\p ではなく [ぁ-ん] のような範囲で、文字は \\x・\\u・8進数を使わずに記述してください",
)
"""The engine compiles a pattern whenever it evaluates it: two hundred letters by ``\\pL`` take 0.6 s."""
NAMED_ZONE = Label(
    "state the time zone as an offset such as '+09:00': the clocks of a named zone can change by law",
    "時間帯は '+09:00' のような時差で指定してください。名称による時間帯は法改正で変わることがあります",
)


def tokens(text: str) -> list[Token]:
    """The tokens of ``text`` without spaces and comments."""
    found = (Token(_kind(match), match[0], match.start()) for match in _TOKEN.finditer(text))
    return [token for token in found if token.kind != "space"]


def _kind(match: re.Match[str]) -> str:
    """A raw text is a text; only where it ends differs, because a backslash in it escapes nothing."""
    return "text" if match.lastgroup == "raw" else str(match.lastgroup)


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1, in characters."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def texts(text: str) -> list[str]:
    """The texts that stand in a condition, without their quotes."""
    return [token.value for token in tokens(text) if token.kind == "text"]


def patterns(text: str) -> list[Token]:
    """The patterns that stand as texts in calls of ``matches``."""
    found = tokens(text)
    return [
        found[end]
        for at in range(len(found))
        if found[at].written == "(" and called(found, at) == "matches"
        if (end := last_argument(found, at)) is not None
    ]


def faults_of_cost(text: str) -> list[Fault]:
    """Lists within lists, patterns and time zones that are computed or named: what the compiler does not refuse."""
    found = tokens(text)
    return [*_faults_of_loops(found), *_faults_of_arguments(found)]


def _faults_of_loops(found: list[Token]) -> Iterator[Fault]:
    """Comprehensions in comprehensions, and more of them than a condition may have."""
    open_calls: list[bool] = []
    count = 0
    for at, token in enumerate(found):
        if token.written in (")", "]", "}") and open_calls:
            open_calls.pop()
        if token.written not in ("(", "[", "{"):
            continue
        loops = token.written == "(" and called(found, at) in COMPREHENSIONS
        if loops:
            count += 1
            if any(open_calls):
                yield Fault(found[at - 1].offset, NESTED)
            if count == COMPREHENSIONS_MAX + 1:
                yield Fault(found[at - 1].offset, TOO_MANY)
        open_calls.append(loops)


def _faults_of_arguments(found: list[Token]) -> Iterator[Fault]:
    """Patterns that are no plain text, and time zones that are no offset."""
    for at, token in enumerate(found):
        name = called(found, at) if token.written == "(" else None
        if name == "matches":
            pattern = last_argument(found, at)
            if pattern is None:
                yield Fault(found[at - 1].offset, COMPUTED_PATTERN)
            elif _DEAR.search(found[pattern].written):
                yield Fault(found[pattern].offset, DEAR_PATTERN)
        elif name and _ZONED.fullmatch(name) and found[at + 1 : at + 2]:
            given = found[at + 1]
            if given.written != ")" and not (given.kind == "text" and _OFFSET.fullmatch(given.value)):
                yield Fault(given.offset, NAMED_ZONE)


def called(found: Sequence[Token], at: int) -> str | None:
    """The name of the function whose arguments begin at this bracket."""
    before = found[at - 1] if at else None
    return before.written if before is not None and before.kind == "name" else None


def last_argument(found: Sequence[Token], at: int) -> int | None:
    """The place of the last argument of the call whose bracket stands at ``at``, if it is one text."""
    depth = 0
    for place in range(at, len(found)):
        written = found[place].written
        if written in ("(", "[", "{"):
            depth += 1
        elif written in (")", "]", "}"):
            depth -= 1
            if depth == 0:
                is_text = found[place - 1].kind == "text" and found[place - 2].written in ("(", ",")
                return place - 1 if is_text else None
    return None
